"""Locks between processes by flock: they end with their holder, never block past the deadline, and never follow a link.

A lock file is never truncated, and never removed while a process may hold the lock. After locking, a process checks that the
path still leads to the inode that it locked.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat

from vault import errors, limits
from vault.system.files import Folder, translate
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from vault.system.clock import Deadline

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_BUSY = (errno.EAGAIN, errno.EACCES)


class Busy(errors.StorageError):
    """Another process held the lock until the deadline (6)."""

    hint = "another awsvault-py is running: wait until it ends, or stop it, then run the command again"


class LockUnavailable(errors.StorageError):
    """The file system does not support locks (6). Reads continue without; writes are refused."""

    hint = "keep this folder on a local file system"


class Lock:
    """A held lock. Released by ``release``, by leaving the ``with`` block, or by the process's end."""

    __slots__ = ("fd",)

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def release(self) -> None:
        """Release the lock; a second call does nothing."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _check(status: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
        raise _no_lock(path)


def _no_lock(path: str) -> errors.UnsafeFile:
    return errors.UnsafeFile(f"{safe(path)} is not a regular file of yours, so it cannot be the lock file")


def _attempt(folder: Folder, name: str) -> Lock | None:
    try:
        fd = os.open(name, _FLAGS, 0o600, dir_fd=folder.fd)
    except IsADirectoryError:
        raise _no_lock(folder.path_of(name)) from None
    except OSError as error:
        raise translate(error, folder.path_of(name)) from None
    lock = Lock(fd)
    try:
        status = os.fstat(fd)
        _check(status, folder.path_of(name))
        if stat.S_IMODE(status.st_mode) != 0o600:  # just created, perhaps with an unusual umask
            os.fchmod(fd, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(status, os.stat(name, dir_fd=folder.fd, follow_symlinks=False)):
            return lock
    except FileNotFoundError:
        pass  # removed between open and lock: the next attempt creates another
    except OSError as error:
        lock.release()
        if error.errno in _BUSY:
            return None
        if error.errno in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
            raise LockUnavailable(
                f"{folder.path_of(name)}: this file system does not support locks"
            ) from None
        raise translate(error, folder.path_of(name)) from None
    except BaseException:
        lock.release()
        raise
    lock.release()
    return None


def try_lock(folder: Folder, name: str) -> Lock | None:
    """The lock, or None if another process holds it. Errors: LockUnavailable, UnsafeFile, StorageError."""
    return _attempt(folder, name)


def lock(folder: Folder, name: str, *, deadline: Deadline) -> Lock:
    """Take the lock, waiting until the deadline. Errors: Busy, LockUnavailable, UnsafeFile, StorageError.

    flock has no queue with a deadline, so the pauses replace it: they get shorter as the deadline comes closer. So of many
    processes, the one that has waited longest most likely gets the lock.
    """
    whole = deadline.remaining()
    pause = limits.LOCK_POLL_FIRST
    while True:
        held = _attempt(folder, name)
        if held is not None:
            return held
        left = deadline.remaining()
        if left <= 0:
            raise Busy(f"{folder.path_of(name)} is locked by another process")
        urgent = max(limits.LOCK_POLL_LAST, limits.LOCK_POLL_MOST * (left / whole) ** 3)
        deadline.clock.sleep(min(pause, urgent, left))
        pause = min(pause * 2, limits.LOCK_POLL_MOST)


def lock_folder(folder: Folder, *, deadline: Deadline) -> Lock:
    """Keep other processes of awsvault-py from changing a name in a folder that may not have a lock file. Errors: Busy.

    No effect on a file system without locks.
    """
    try:
        held = Lock(os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder.fd))
    except OSError as error:
        raise translate(error, folder.path) from None
    while True:
        try:
            fcntl.flock(held.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _BUSY:
                return held
        else:
            return held
        if deadline.expired:
            held.release()
            raise Busy(f"{safe(folder.path)} is locked by another process")
        deadline.clock.sleep(limits.LOCK_POLL_FIRST)
