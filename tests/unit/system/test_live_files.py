"""Files that are valid as long as a process lives: others can tell, and clear up after it."""

from __future__ import annotations

import os

import pytest

from vault import errors
from vault.system import live_files, locks
from vault.system.files import Folder
from vault.system.live_files import Kind

KIND = Kind("live-", ".lock")


@pytest.fixture
def folder(tmp_path):
    with Folder.open(str(tmp_path / "state"), create=True) as opened:
        yield opened


def is_free(folder, name):
    fd = live_files.opened(folder, name)
    try:
        return live_files.free(fd)
    finally:
        os.close(fd)


def test_each_process_has_a_file_of_its_own(folder):
    """Empty, and for its user alone."""
    made = [KIND.make(folder) for _ in range(3)]
    assert KIND.names(folder) == sorted(one.name for one in made)
    for one in made:
        status = os.stat(folder.path_of(one.name))
        assert (status.st_size, status.st_mode & 0o777) == (0, 0o600)
        assert not is_free(folder, one.name)


def test_the_file_of_an_ended_process_is_free_and_goes_with_the_next(folder):
    """Those of living ones stay."""
    ended, lives = KIND.make(folder), KIND.make(folder)
    ended.lock.release()
    assert is_free(folder, ended.name)
    new = KIND.make(folder)
    assert KIND.names(folder) == sorted((lives.name, new.name))


def test_files_of_another_kind_are_not_looked_at(folder):
    """Nor removed."""
    for name in ("live-x", "x.lock", "live-x.lock.other"):
        folder.write_atomic(name, b"", durable=False)
    KIND.sweep(folder)
    assert KIND.names(folder) == []
    assert len(folder.names()) == 3


def test_what_is_not_a_file_of_the_user_is_not_opened(folder, tmp_path):
    """A link may lead anywhere."""
    os.symlink(tmp_path / "elsewhere", folder.path_of("live-1.lock"))
    assert live_files.opened(folder, "live-1.lock") is None
    assert live_files.opened(folder, "live-2.lock") is None
    KIND.sweep(folder)
    assert KIND.names(folder) == ["live-1.lock"]


def test_a_file_that_is_removed_at_once_each_time_is_an_error(folder, monkeypatch):
    """Without a file of its own, a lock could not tell whether the process lives."""
    monkeypatch.setattr(locks, "try_lock", lambda *_: None)
    with pytest.raises(errors.StorageError, match="as soon as it was created"):
        KIND.make(folder)
