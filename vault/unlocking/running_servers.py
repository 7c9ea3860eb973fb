"""The servers of ``exec --server`` that run: each has a file in the state folder, which ``lock`` takes away to end it.

A server holds its file's lock as long as it holds a key, so that ``lock`` knows when that is gone. The file has two
process ids in it and no name: it may lie on a disk that is stolen.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

from vault import errors, limits
from vault.system import process_signals
from vault.system.clock import Deadline
from vault.system.files import Folder
from vault.system.live_files import Kind, free, opened
from vault.system.processes import command_of
from vault.text import safe
from vault.unlocking import manual_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.system.files import Attributes
    from vault.system.live_files import LiveFile
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
            found = manual_lock.seen(self._paths)
            self._seen = (found is not None and found != self._mark) or not self._stands()
        return self._seen

    def lock(self) -> None:
        """The vault is locked, whatever the folder shows."""
        self._seen = True

    def _stands(self) -> bool:
        return self._name is None or os.path.lexists(f"{self._paths.state}/{self._name}")


def enter(paths: Paths) -> LiveFile | None:
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


def tell(entered: LiveFile, *, keeper: int) -> None:
    """Write down who serves, which is this process, and who keeps the key; on a full disk a lock names neither."""
    with suppress(OSError):
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
    """What a lock came to: the servers that ended, for a person, and the process ids of those that may hold a key or serve."""

    servers: tuple[str, ...]
    left: tuple[int, ...]


class _Found(NamedTuple):
    """A server's file: its descriptor, who serves and who keeps the key; whether that is over, sees the lock, or is told."""

    fd: int
    serves: int
    keeps: int
    over: bool
    sees: bool
    told: bool


def running(paths: Paths) -> tuple[str, ...]:
    """The servers of this vault that run now. For ``lock``, before its mark: a keeper that sees the mark ends by itself."""
    named = []
    with suppress(FileNotFoundError, errors.Error), Folder.open(paths.state) as state:
        for name in _KIND.names(state):
            fd = opened(state, name)
            if fd is None:
                continue
            try:
                serves, _ = _processes(fd)
                if serves and not free(fd):
                    named.append(_named(serves))
            finally:
                os.close(fd)
    return tuple(named)


def end_all(paths: Paths, *, noted: bool = True) -> Ended:
    """End every server of this vault, and wait until none holds a key. For ``lock``; ``noted``: its mark stands."""
    found: list[_Found] = []
    try:
        with Folder.open(paths.state) as state:
            for name in _KIND.names(state):
                fd = opened(state, name)
                over = fd is None or free(fd)  # killed, and it had no time to clear up
                sees = _taken_away(state, name) or noted
                if fd is not None:
                    serves, keeps = _processes(fd)
                    told = sees or (not over and _signal(keeps, process_signals.LOCKED))
                    found.append(_Found(fd, serves, keeps, over=over, sees=sees, told=told))
    except (FileNotFoundError, errors.Error):
        pass  # what was not reached sees the mark, or that it cannot see its file
    deadline = Deadline.after(limits.SERVER_LOCK_WAIT)
    servers, left = [], []
    for each in found:
        try:
            if each.over and (each.sees or not _is_one(each.serves)):
                continue
            servers.append(_named(each.serves))
            if not _freed(each.fd, deadline):
                killed = _killed(each.fd, each.keeps)
                left += [] if killed and each.sees else [each.serves if killed else each.keeps]
            elif not each.told:
                left.append(each.serves)  # its keeper was killed before
        finally:
            os.close(each.fd)
    return Ended(tuple(servers), tuple(left))


def _taken_away(state: Folder, name: str) -> bool:
    try:
        state.unlink(name)
    except FileNotFoundError:
        return True
    except errors.Error:
        return False
    return True


def _is_one(pid: int) -> bool:
    return {"exec", "--server"} <= set(command_of(pid))


def _signal(pid: int, number: int) -> bool:
    """Send it to a server's process, if the number is still that of one: it may be of another pid namespace."""
    return pid > 0 and _is_one(pid) and process_signals.send(pid, number)


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
    """Kill a keeper that does not end (it was stopped); whether that freed the lock."""
    return _signal(pid, process_signals.KILL) and _freed(fd, Deadline.after(limits.SERVER_LOCK_WAIT))


def _named(pid: int) -> str:
    """A server for a person: its process, and its command line up to the program's name."""
    words = command_of(pid) if pid else []
    if "exec" not in words:
        return f"process {pid}" if pid else "an unknown process"
    ours = words[words.index("exec") :]
    end = ours.index("--") + 2 if "--" in ours else 4
    return f"process {pid} ({safe(' '.join(ours[:end]).strip(), limit=120)})"
