"""vault/system/unix_listener.py: a socket at a path that the user names."""

from __future__ import annotations

import os
import socket
import stat

import pytest

from vault import errors, limits
from vault.system.clock import Deadline
from vault.system.files import Folder
from vault.system.locks import lock_folder
from vault.system.unix_listener import UnixListener


@pytest.fixture
def folder(tmp_path):
    tmp_path.chmod(0o700)
    return tmp_path


def test_it_listens_for_this_user_alone_and_leaves_nothing(folder):
    """Whatever the umask of the caller, which stays as it was."""
    before = os.umask(0)
    try:
        listener = UnixListener.bind(str(folder / "s"), backlog=1)
        assert os.umask(0) == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "s").stat().st_mode) == 0o600
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(folder / "s"))
    listener.close()
    assert list(folder.iterdir()) == []


def test_a_dead_socket_is_replaced_and_a_live_one_is_not(folder):
    """The live one still answers afterwards."""
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(folder / "s"))
    dead.close()
    live = UnixListener.bind(str(folder / "s"), backlog=1)
    with pytest.raises(errors.StorageError, match="another program"):
        UnixListener.bind(str(folder / "s"), backlog=1)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(folder / "s"))
    live.close()


def test_close_leaves_the_socket_of_another(folder):
    """Somebody removed this one and made another under its name."""
    first = UnixListener.bind(str(folder / "s"), backlog=1)
    (folder / "s").unlink()
    second = UnixListener.bind(str(folder / "s"), backlog=1)
    first.close()
    assert (folder / "s").exists()
    second.close()
    assert not (folder / "s").exists()


@pytest.mark.parametrize(
    "make",
    [lambda path: path.write_text("x"), lambda path: path.mkdir(), lambda path: path.symlink_to("/dev/null")],
)
def test_what_is_no_socket_stays(folder, make):
    """A file, a folder, a link."""
    make(folder / "s")
    with pytest.raises(errors.UnsafeFile, match="not a socket"):
        UnixListener.bind(str(folder / "s"), backlog=1)
    assert os.path.lexists(folder / "s")


def test_a_folder_that_others_may_enter_is_refused(folder):
    """They could replace the socket."""
    folder.chmod(0o755)
    with pytest.raises(errors.UnsafeFile) as caught:
        UnixListener.bind(str(folder / "s"), backlog=1)
    folder.chmod(0o700)
    assert caught.value.hint == "use a folder of your own: mkdir -m 700 ~/.awsvault-share"


def test_an_end_and_a_start_do_not_mix(folder, monkeypatch):
    """Between the look at the socket and its removal, no other server takes the name: both hold the folder's lock."""
    monkeypatch.setattr(limits, "SERVER_END_WAIT", 0)
    listener = UnixListener.bind(str(folder / "s"), backlog=1)
    with Folder.open(str(folder)) as opened, lock_folder(opened, deadline=Deadline.after(0)):
        with pytest.raises(errors.StorageError, match="another process"):
            UnixListener.bind(str(folder / "t"), backlog=1)
        listener.close()
    assert (folder / "s").exists()
