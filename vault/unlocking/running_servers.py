"""The running servers of ``exec --server`` and ``serve``. Each has a file in the state folder, which ``lock`` deletes to end the
server.

A server holds its file's lock as long as it has a key, so that ``lock`` knows when the key is gone. The file has two
process IDs in it and no name, because the disk may be stolen.
"""

from __future__ import annotations

import os
from contextlib import suppress

from vault import errors, limits
from vault.records import NamedTuple
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
    """Whether the user has locked the vault since ``mark`` was read, or the file ``name`` was deleted."""

    def __init__(self, paths: Paths, *, mark: Attributes | None, name: str | None) -> None:
        self._paths = paths
        self._mark = mark
        self._name = name
        self._seen = False

    def locked(self) -> bool:
        """Stays true once it was: an ``unlock`` is for programs that are started afterwards."""
        if not self._seen:
            found = manual_lock.attributes(self._paths)
            self._seen = (found is not None and found != self._mark) or not self._file_exists()
        return self._seen

    def lock(self) -> None:
        """Treat the vault as locked, whatever the folder shows."""
        self._seen = True

    def _file_exists(self) -> bool:
        return self._name is None or os.path.lexists(f"{self._paths.state}/{self._name}")


def register(paths: Paths) -> LiveFile | None:
    """A file for this server. None if it cannot be created, which means that no mark of a lock can be made either.
    UnsafeFile.
    """
    try:
        with Folder.open(paths.state, create=True) as state:
            # A server whose keeper was killed goes on, and would take the end of its file for a lock.
            return _KIND.make(state, needed=lambda fd: _is_server(_processes(fd)[0]))
    except errors.UnsafeFile:
        raise
    except (
        errors.StorageError
    ):  # read-only, full, or a file system without locks: the mark of a lock may still be visible
        return None


def write_processes(entered: LiveFile, *, keeper: int) -> None:
    """Write the IDs of the server's process (this one) and of its keeper into the file. On a full disk the file stays empty."""
    with suppress(OSError):
        os.pwrite(entered.lock.fd, b"%d %d" % (os.getpid(), keeper), 0)


def unregister(paths: Paths, name: str | None) -> None:
    """Delete a server's file, if possible."""
    if name is None:
        return
    try:
        with Folder.open(paths.state) as state:
            state.unlink(name)
    except (FileNotFoundError, errors.Error):
        return


class Running(NamedTuple):
    """A server as text for the user. ``command``: whether it runs one, which outlives it; None if the system does not tell."""

    name: str
    command: bool | None


class Ended(NamedTuple):
    """The result of a lock: the servers that ended, and the process IDs of those that may still have a key or serve
    credentials.
    """

    servers: tuple[Running, ...]
    left: tuple[int, ...]


class _Found(NamedTuple):
    """A server's file: its descriptor, and the process IDs of the server and its keeper.

    ``ended``: it has ended. ``sees_lock``: it can see the lock. ``notified``: it was signaled, or sees the lock.
    """

    fd: int
    server: int
    keeper: int
    ended: bool
    sees_lock: bool
    notified: bool


def running(paths: Paths) -> tuple[Running, ...]:
    """The servers of this vault that run now. Call it before ``lock`` makes its mark, because a keeper that sees the
    mark ends.
    """
    named = []
    with suppress(FileNotFoundError, errors.Error), Folder.open(paths.state) as state:
        for name in _KIND.names(state):
            fd = opened(state, name)
            if fd is None:
                continue
            try:
                server, _ = _processes(fd)
                if server and not free(fd):
                    named.append(_description(server))
            finally:
                os.close(fd)
    return tuple(named)


def end_all(paths: Paths, *, recorded: bool = True) -> Ended:
    """End every server of this vault, and wait until none has a key. For ``lock``; ``recorded``: its mark was made."""
    found: list[_Found] = []
    try:
        with Folder.open(paths.state) as state:
            for name in _KIND.names(state):
                fd = opened(state, name)
                ended = fd is None or free(fd)  # killed before it could delete its file
                sees_lock = _deleted(state, name) or recorded
                if fd is not None:
                    server, keeper = _processes(fd)
                    notified = sees_lock or (not ended and _signal(keeper, process_signals.LOCKED))
                    found.append(
                        _Found(fd, server, keeper, ended=ended, sees_lock=sees_lock, notified=notified)
                    )
    except (FileNotFoundError, errors.Error):
        pass  # a server that was not reached sees the mark, or that its file is not visible
    deadline = Deadline.after(limits.SERVER_LOCK_WAIT)
    servers, left = [], []
    for each in found:
        try:
            if each.ended and (each.sees_lock or not _is_server(each.server)):
                continue
            servers.append(_description(each.server))
            if not _freed(each.fd, deadline):
                killed = _killed(each.fd, each.keeper)
                left += [] if killed and each.sees_lock else [each.server if killed else each.keeper]
            elif not each.notified:
                left.append(each.server)  # its keeper was killed earlier
        finally:
            os.close(each.fd)
    return Ended(tuple(servers), tuple(left))


def _deleted(state: Folder, name: str) -> bool:
    try:
        state.unlink(name)
    except FileNotFoundError:
        return True
    except errors.Error:
        return False
    return True


def _is_server(pid: int) -> bool:
    return bool(_own_words(pid))


def _signal(pid: int, number: int) -> bool:
    """Send the signal to a server's process, if the ID still belongs to one: it may be from another PID namespace."""
    return pid > 0 and _is_server(pid) and process_signals.send(pid, number)


def _processes(fd: int) -> tuple[int, int]:
    fields = os.pread(fd, 64, 0).split()
    return (
        (int(fields[0]), int(fields[1])) if len(fields) == 2 and all(w.isdigit() for w in fields) else (0, 0)
    )


def _freed(fd: int, deadline: Deadline) -> bool:
    while not free(fd):
        if deadline.expired:
            return False
        deadline.clock.sleep(limits.LOCK_POLL_FIRST)
    return True


def _killed(fd: int, pid: int) -> bool:
    """Kill a keeper that does not end because it was stopped. Whether that released the lock."""
    return _signal(pid, process_signals.KILL) and _freed(fd, Deadline.after(limits.SERVER_LOCK_WAIT))


def _description(pid: int) -> Running:
    """A server with its process ID, and its command line up to the program's name: what follows may be a secret."""
    words = _own_words(pid)
    if not words:
        return Running(f"process {pid}" if pid else "an unknown process", command=None)
    runs = words[0] == "exec"
    if runs:
        words = words[: words.index("--") + 2 if "--" in words else 4]
    return Running(f"process {pid} ({safe(' '.join(words).strip(), limit=120)})", command=runs)


def _own_words(pid: int) -> list[str]:
    """A server's command line from ``exec`` or ``serve`` on; empty if the process is not one. Its program may have such words too,
    and another program: jekyll serve.
    """
    words = command_of(pid) if pid else []
    at = next((at for at, word in enumerate(words) if word in ("exec", "serve")), len(words))
    own = words[at:]
    if own[:1] == ["exec"]:
        return own if "--server" in own[: own.index("--") if "--" in own else None] else []
    return own if any("vault" in os.path.basename(word) for word in words[:at]) else []
