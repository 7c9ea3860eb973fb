"""The servers of ``exec --server`` that run: each has a file in the state folder, which ``lock`` takes away to end it.

A server holds its file's lock as long as it holds a key, so that ``lock`` knows when that is gone. The file has two
process ids in it and no name: it may lie on a disk that is stolen.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, NamedTuple

from vault import errors, limits
from vault.flows import byhand
from vault.system.clock import Deadline
from vault.system.files import Folder
from vault.system.living import Kind, free, opened
from vault.system.processes import command_of
from vault.text import safe

if TYPE_CHECKING:
    from vault.system.files import Attributes
    from vault.system.living import Living
    from vault.system.paths import Paths

_KIND = Kind("serving-", ".lock")


class Watch:
    """Whether somebody locked the vault since ``mark`` was looked at, or took the file ``name`` away."""

    def __init__(self, paths: Paths, *, mark: Attributes | None, name: str | None) -> None:
        self._paths = paths
        self._mark = mark
        self._name = name
        self._seen = False

    def locked(self) -> bool:
        """Once true it stays so: an ``unlock`` opens the vault for those who come then."""
        if not self._seen:
            found = byhand.seen(self._paths)
            self._seen = (found is not None and found != self._mark) or not self._stands()
        return self._seen

    def _stands(self) -> bool:
        return self._name is None or os.path.lexists(f"{self._paths.state}/{self._name}")


def enter(paths: Paths) -> Living | None:
    """A file for this server; None where none can be had, and no mark of a lock either. UnsafeFile."""
    try:
        with Folder.open(paths.state, create=True) as state:
            return _KIND.make(state)
    except errors.UnsafeFile:
        raise
    except (
        errors.StorageError
    ):  # read-only, full, or a file system without locks: a lock's mark may still be seen
        return None


def tell(entered: Living, *, keeper: int) -> None:
    """Write down who serves, which is this process, and who keeps the key."""
    os.pwrite(entered.lock.fd, b"%d %d" % (os.getpid(), keeper), 0)


def leave(paths: Paths, name: str | None) -> None:
    """Take a server's file away, if that can be done."""
    if name is None:
        return
    try:
        with Folder.open(paths.state) as state:
            state.unlink(name)
    except (FileNotFoundError, errors.Error):
        return


class Ended(NamedTuple):
    """What a lock came to: the servers that ended, for a person, and the process ids of those that may hold a key."""

    servers: tuple[str, ...]
    left: tuple[int, ...]


def end_all(paths: Paths) -> Ended:
    """End every server of this vault, and wait until none holds a key. For ``lock``, whose mark stands already."""
    found: list[tuple[int, int, int]] = []
    try:
        with Folder.open(paths.state) as state:
            for name in _KIND.names(state):
                fd = opened(state, name)
                if fd is not None:
                    found.append((fd, *_processes(fd)))
                state.unlink(name)
    except (FileNotFoundError, errors.Error):
        pass  # what was not reached sees the mark
    deadline = Deadline.after(limits.SERVER_LOCK_WAIT)
    servers, left = [], []
    for fd, serves, keeps in found:
        try:
            if free(fd):
                continue  # killed, and it had no time to clear up
            servers.append(_named(serves))
            if not _freed(fd, deadline) and not _killed(fd, keeps):
                left.append(keeps)
        finally:
            os.close(fd)
    return Ended(tuple(servers), tuple(left))


def _processes(fd: int) -> tuple[int, int]:
    words = os.pread(fd, 64, 0).split()
    return (int(words[0]), int(words[1])) if len(words) == 2 and all(w.isdigit() for w in words) else (0, 0)


def _freed(fd: int, deadline: Deadline) -> bool:
    while not free(fd):
        if deadline.expired:
            return False
        deadline.clock.sleep(limits.LOCK_POLL_FIRST)
    return True


def _killed(fd: int, pid: int) -> bool:
    """Kill a keeper that does not end (it was stopped), if the number is still that of one; whether that freed the lock."""
    if "--server" not in command_of(pid):  # it may be of another pid namespace
        return False
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        return False
    return _freed(fd, Deadline.after(limits.SERVER_LOCK_WAIT))


def _named(pid: int) -> str:
    """A server for a person: its process, and its command line up to the program's name."""
    words = command_of(pid) if pid else []
    if "exec" not in words:
        return f"process {pid}" if pid else "a server"
    ours = words[words.index("exec") :]
    end = ours.index("--") + 2 if "--" in ours else 4
    return f"process {pid} ({safe(' '.join(ours[:end]).strip(), limit=120)})"
