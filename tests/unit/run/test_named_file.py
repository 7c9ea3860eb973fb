"""vault/run/named_file.py: a file under the user's name for it."""

from __future__ import annotations

import os
import threading

import pytest

from vault import errors, limits
from vault.run import named_file
from vault.run.named_file import NamedFile
from vault.system.clock import Deadline
from vault.system.files import Folder
from vault.system.locks import lock_folder


@pytest.fixture
def path(tmp_path):
    tmp_path.chmod(0o700)
    return tmp_path / "name"


def make(path, data, *, replaces=lambda _: False):
    return NamedFile.make(str(path), data, replaces=replaces)


def old(content):
    return content == b"old"


def test_it_is_closed_to_others_and_leaves_nothing(path):
    """No temporary file either."""
    made = make(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode) == (b"new", 0o100600)
    assert os.listdir(path.parent) == ["name"]
    made.unlink()
    assert os.listdir(path.parent) == []


@pytest.mark.parametrize(
    "put",
    [
        lambda path: path.write_bytes(b"own"),
        lambda path: path.write_bytes(b"old and more"),
        lambda path: path.write_bytes(b""),
        lambda path: path.mkdir(),
        lambda path: path.symlink_to("old"),
        lambda path: os.mkfifo(path, 0o600),
    ],
)
def test_what_is_the_users_stays(path, put):
    """A file with another content, and whatever is no file. The check says the same."""
    (path.parent / "old").write_bytes(b"old")
    put(path)
    if path.is_file():
        path.chmod(0o600)
    before = path.lstat()
    for refuse in (
        lambda: make(path, b"new", replaces=old),
        lambda: named_file.check(str(path), 3, replaces=old),
    ):
        with pytest.raises(errors.UnsafeFile, match="name exists"):
            refuse()
    assert path.lstat().st_ino == before.st_ino
    assert sorted(os.listdir(path.parent)) == ["name", "old"]


def test_a_file_that_appears_meanwhile_stays(path, monkeypatch):
    """Between the look and the new name."""
    there = Folder.create_temp

    def create(self, *args, **more):
        path.write_bytes(b"own")
        return there(self, *args, **more)

    monkeypatch.setattr(Folder, "create_temp", create)
    with pytest.raises(errors.UnsafeFile, match="name exists"):
        make(path, b"new")
    assert path.read_bytes() == b"own"
    assert os.listdir(path.parent) == ["name"]


def test_what_a_killed_process_left_is_replaced(path):
    """The check agrees, and changes nothing."""
    make(path, b"old")
    named_file.check(str(path), 3, replaces=old)
    assert path.read_bytes() == b"old"
    make(path, b"new", replaces=old)
    assert path.read_bytes() == b"new"


def test_only_its_own_content_is_removed(path):
    """Not another process's file, even with the same inode number; its own, even with another mode."""
    made = make(path, b"own")
    path.write_bytes(b"new")
    made.unlink()
    assert path.read_bytes() == b"new"
    path.write_bytes(b"own")
    path.chmod(0o644)
    made.unlink()
    assert not path.exists()
    made.unlink()


def test_a_removal_waits_for_the_process_that_replaces_the_file(path):
    """Otherwise the new file could appear between the look and the removal."""
    made = make(path, b"old")
    with Folder.open(str(path.parent)) as folder:
        held = lock_folder(folder, deadline=Deadline.after(0))
        thread = threading.Thread(target=made.unlink)
        thread.start()
        path.write_bytes(b"new")
        held.release()
        thread.join()
    assert path.read_bytes() == b"new"


def test_a_stopped_process_is_not_waited_for(path, monkeypatch):
    """The file stays, and the end of the process is no error."""
    monkeypatch.setattr(limits, "SERVER_END_WAIT", 0)
    made = make(path, b"old")
    with Folder.open(str(path.parent)) as folder, lock_folder(folder, deadline=Deadline.after(0)):
        made.unlink()
        with pytest.raises(errors.StorageError, match="another process"):
            make(path.parent / "other", b"new")
    assert os.listdir(path.parent) == ["name"]
