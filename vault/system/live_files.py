"""Files that live as long as a process: it holds their lock, so that whoever finds one knows whether it is still meant."""

from __future__ import annotations

import fcntl
import os
import secrets
from typing import NamedTuple

from vault import errors
from vault.system import locks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.system.files import Folder
    from vault.system.locks import Lock

_TRIES = 3  # another process's sweep may come between a file and its lock


class LiveFile(NamedTuple):
    """A file and its lock, which ends with the last process that has the descriptor."""

    name: str
    lock: Lock


class Kind(NamedTuple):
    """Files whose names begin and end so, with something random between."""

    start: str
    end: str

    def make(self, folder: Folder) -> LiveFile:
        """A new one, empty, 0600; those of processes that were killed are removed. Errors: StorageError, UnsafeFile."""
        self.sweep(folder)
        for _ in range(_TRIES):
            name = f"{self.start}{secrets.token_hex(8)}{self.end}"
            lock = locks.try_lock(folder, name)
            if lock is not None:
                return LiveFile(name, lock)
        raise errors.StorageError(f"{folder.path}: a file of ours was removed as soon as it was there")

    def names(self, folder: Folder) -> list[str]:
        """Those that are there, of living processes and of others."""
        return sorted(n for n in folder.names() if n.startswith(self.start) and n.endswith(self.end))

    def sweep(self, folder: Folder) -> None:
        """Remove those whose process is gone."""
        for name in self.names(folder):
            fd = opened(folder, name)
            if fd is None:
                continue
            try:
                if free(fd):
                    folder.unlink(name)
            finally:
                os.close(fd)


def opened(folder: Folder, name: str) -> int | None:
    """A descriptor of the file; None where it has gone, or is none of ours."""
    try:
        return folder.open_file(name)
    except (FileNotFoundError, errors.Error):
        return None


def free(fd: int) -> bool:
    """Whether no process holds the file any more. False where the file system cannot tell."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
