"""Files that are valid as long as a process lives: it holds their lock, so that another process can tell."""

from __future__ import annotations

import fcntl
import os
import secrets

from vault import errors
from vault.records import NamedTuple
from vault.system import locks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.system.files import Folder
    from vault.system.locks import Lock

_TRIES = 3  # another process may sweep between the creation of the file and its lock


class LiveFile(NamedTuple):
    """A file and its lock, which ends with the last process that has the descriptor."""

    name: str
    lock: Lock


class Kind(NamedTuple):
    """Files whose names have this start and end, and random characters in between."""

    start: str
    end: str

    def make(self, folder: Folder, *, needed: Callable[[int], bool] = lambda _: False) -> LiveFile:
        """A new empty file with mode 0600. Removes the files of killed processes. Errors: StorageError, UnsafeFile.

        ``needed``: whether the file of a descriptor stays although nobody holds its lock.
        """
        self.sweep(folder, needed=needed)
        for _ in range(_TRIES):
            name = f"{self.start}{secrets.token_hex(8)}{self.end}"
            lock = locks.try_lock(folder, name)
            if lock is not None:
                return LiveFile(name, lock)
        raise errors.StorageError(f"{folder.path}: another process removed a file as soon as it was created")

    def names(self, folder: Folder) -> list[str]:
        """The names of all such files, of living processes and of ended ones."""
        return sorted(n for n in folder.names() if n.startswith(self.start) and n.endswith(self.end))

    def sweep(self, folder: Folder, *, needed: Callable[[int], bool] = lambda _: False) -> None:
        """Remove the files whose process has ended."""
        for name in self.names(folder):
            fd = opened(folder, name)
            if fd is None:
                continue
            try:
                if free(fd) and not needed(fd):
                    folder.unlink(name)
            finally:
                os.close(fd)


def opened(folder: Folder, name: str) -> int | None:
    """A descriptor of the file; None if it is gone or not safe to open."""
    try:
        return folder.open_file(name)
    except (FileNotFoundError, errors.Error):
        return None


def free(fd: int) -> bool:
    """Whether no process has the file's lock any more. False if the file system cannot tell."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
