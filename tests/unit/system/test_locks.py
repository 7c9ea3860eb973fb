"""Locks over processes: one holder, freed by death, never waited for past the deadline."""

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys

import pytest

from tests.patience import PATIENCE
from vault import errors, limits
from vault.system.clock import Deadline
from vault.system.files import Folder
from vault.system.locks import Busy, LockUnavailable, lock, lock_folder, try_lock

HOLDER = """
import sys
from vault.system.files import Folder
from vault.system.locks import try_lock
held = try_lock(Folder.open(sys.argv[1]), "l")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path):
    with Folder.open(str(tmp_path / "state"), create=True) as opened:
        yield opened


def test_one_holder_at_a_time(folder):
    """A second try finds it held, a waiting one ends at its deadline with exit code 6, and release frees it."""
    with lock(folder, "l", deadline=Deadline.after(PATIENCE)) as held:
        assert try_lock(folder, "l") is None
        with pytest.raises(Busy, match="state/l") as caught:
            lock(folder, "l", deadline=Deadline.after(0.05))
        assert caught.value.exit_code == 6
        held.release()
        held.release()
        again = try_lock(folder, "l")
        assert again is not None
        again.release()
    assert stat.S_IMODE(os.stat(folder.path_of("l")).st_mode) == 0o600


class Waits:
    """A clock on which a wait takes no time. ``pauses``: each wait's beginning and length."""

    def __init__(self):
        self.pauses = []
        self.now = 0.0

    def monotonic(self):
        return self.now

    time = monotonic

    def sleep(self, seconds):
        self.pauses.append((self.now, seconds))
        self.now += seconds


def test_the_one_that_has_waited_longest_asks_most_often(folder):
    """Otherwise newcomers overtake it again and again, up to its deadline."""
    clock = Waits()
    with lock(folder, "l", deadline=Deadline.after(PATIENCE)), pytest.raises(Busy):
        lock(folder, "l", deadline=Deadline.after(50, clock=clock))
    asked_at = [began for began, _ in clock.pauses]
    newcomer = sum(at < 5 for at in asked_at)
    assert sum(at >= 45 for at in asked_at) > 5 * newcomer
    assert min(pause for began, pause in clock.pauses if began < 45) >= limits.LOCK_POLL_LAST


def test_death_of_the_holder_frees_it(folder):
    """kill -9 of the process that holds a lock lets the next one in."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, folder.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout.readline() == b"held\n"
        assert try_lock(folder, "l") is None
        child.send_signal(signal.SIGKILL)
        child.wait(PATIENCE)
        with lock(folder, "l", deadline=Deadline.after(PATIENCE)):
            pass


def test_a_lock_unlinked_meanwhile_is_not_held(folder, monkeypatch):
    """A lock on a file that no longer has the name would let two in: it is taken again."""
    real = fcntl.flock
    unlinked = []

    def flock(fd, how):
        real(fd, how)
        if not unlinked:
            unlinked.append(1)
            folder.unlink("l")

    monkeypatch.setattr(fcntl, "flock", flock)
    assert try_lock(folder, "l") is None
    with lock(folder, "l", deadline=Deadline.after(PATIENCE)):
        assert try_lock(folder, "l") is None


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "foreign"])
def test_what_is_no_file_of_ours_cannot_be_a_lock(folder, kind, tmp_path):
    """A link, FIFO, folder or another user's file in the lock's place is named and not touched."""
    path = folder.path_of("l")
    if kind == "link":
        os.symlink(tmp_path / "target", path)
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    elif kind == "folder":
        os.mkdir(path)
    else:
        with open(path, "w"):
            os.chown(path, 12345, 12345)
    with pytest.raises(errors.ConfigError, match="state/l"):
        try_lock(folder, "l")
    assert not (tmp_path / "target").exists()


def test_a_file_system_without_locks_is_said(folder, monkeypatch):
    """ENOLCK is its own error, so that readers can go on and writers refuse."""

    def flock(_fd, _how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(LockUnavailable, match="does not support locks"):
        try_lock(folder, "l")


def test_other_failures_of_locking_are_errors_of_the_program(folder, monkeypatch):
    """An unforeseen errno names the lock file."""

    def flock(_fd, _how):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(errors.StorageError, match="state/l"):
        try_lock(folder, "l")


def test_a_lock_file_that_was_replaced_meanwhile_is_not_held(folder, monkeypatch):
    """Between opening and locking another file took its name: two holders of two files would both believe to be alone."""
    real = fcntl.flock

    def late(fd, how):
        folder.write_atomic("l", b"", durable=False)
        real(fd, how)

    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", late)
        assert try_lock(folder, "l") is None
    with try_lock(folder, "l"):
        assert try_lock(folder, "l") is None


def test_one_process_changes_names_in_a_folder_without_a_lock_file(folder):
    """The other one is told after its deadline, and gets the lock once it is free. The folder stays empty."""
    with lock_folder(folder, deadline=Deadline.after(0)), pytest.raises(Busy, match="state is locked"):
        lock_folder(folder, deadline=Deadline.after(0.05))
    lock_folder(folder, deadline=Deadline.after(0)).release()
    assert folder.names() == []


def test_a_folder_on_a_file_system_without_locks_is_not_locked(folder, monkeypatch):
    """NFS locks only what is open for writing, which a folder cannot be."""

    def refused(*_):
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    monkeypatch.setattr(fcntl, "flock", refused)
    lock_folder(folder, deadline=Deadline.after(0)).release()
