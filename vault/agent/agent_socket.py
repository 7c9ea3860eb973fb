"""The agent's socket, and the lock that the agent holds as long as it runs. Exactly one agent has both.

A stale socket is replaced. A new one is bound under a temporary name and renamed, so the path never leads to a socket
without a listener.
"""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress

from vault import errors, limits
from vault.records import NamedTuple
from vault.system.clock import Deadline, SystemClock
from vault.system.files import Folder
from vault.system.locks import Lock, LockUnavailable, try_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.system.paths import Paths

_FIRST_PASSED = 3  # systemd's first descriptor, sd_listen_fds(3)


class AgentSocket(NamedTuple):
    """A listening socket and its lock. ``made`` is False for a socket that systemd made."""

    listener: socket.socket
    lock: Lock
    path: str
    made: bool
    inode: int

    def reachable(self) -> bool:
        """Whether the path still leads to this socket: no client reaches an agent whose folder was removed."""
        try:
            return not self.made or os.lstat(self.path).st_ino == self.inode
        except OSError:
            return False

    def leave(self) -> None:
        """Remove the socket's file, if it is still this one, and release the lock."""
        if self.made and self.reachable():
            with suppress(OSError):
                os.unlink(self.path)
        self.lock.release()


def check_length(path: str) -> None:
    """Reject a path that is too long for a socket. Errors: StorageError."""
    if len(os.fsencode(path)) > limits.AGENT_SOCKET_PATH:
        raise errors.StorageError(
            f"{path}: too long for a socket (over {limits.AGENT_SOCKET_PATH} bytes)",
            hint="set AWSVAULT_HOME or XDG_RUNTIME_DIR to a shorter path; to do without the agent: AWSVAULT_AGENT=off",
        )


def take(paths: Paths, *, passed: int | None = None) -> AgentSocket | None:
    """The agent's socket; None if another agent has it. ``passed``: a listening descriptor from systemd.

    Errors: UnsafeFile, StorageError.
    """
    check_length(paths.socket)
    folder_path, name = os.path.split(paths.socket)
    with Folder.open(folder_path, create=True) as folder:
        lock = _free_lock(folder, name)
        if lock is None:
            return None
        try:
            listener = _bound(folder, name) if passed is None else _passed(passed)
            inode = os.stat(name, dir_fd=folder.fd, follow_symlinks=False).st_ino if passed is None else 0
            return AgentSocket(listener, lock, paths.socket, passed is None, inode)
        except OSError as error:
            lock.release()
            raise errors.StorageError(f"{paths.socket}: {os.strerror(error.errno or 0)}") from None
        except BaseException:
            lock.release()
            raise


def passed_by_systemd(env: Mapping[str, str]) -> int | None:
    """The descriptor of a socket unit, if systemd started this process for one (LISTEN_PID, LISTEN_FDS)."""
    if env.get("LISTEN_PID") == str(os.getpid()) and env.get("LISTEN_FDS") == "1":
        return _FIRST_PASSED
    return None


def _free_lock(folder: Folder, name: str) -> Lock | None:
    """The lock; None if another agent holds it and listens.

    An agent that is ending holds the lock for a moment after its socket is gone. If a new agent gave up then, no agent
    would be left.
    """
    deadline = Deadline.after(limits.AGENT_PLACE, clock=SystemClock())
    while (lock := _lock(folder, name)) is None:
        if _listens(folder.path_of(name)) or deadline.expired:
            return None
        deadline.clock.sleep(limits.LOCK_POLL_FIRST)
    return lock


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(limits.AGENT_CONNECT)
        try:
            client.connect(path)
        except TimeoutError:
            return True  # a full queue
        except OSError:
            return False
    return True


def _lock(folder: Folder, name: str) -> Lock | None:
    try:
        return try_lock(folder, name.removesuffix(".sock") + ".lock")
    except LockUnavailable:
        raise errors.StorageError(
            f"{folder.path}: this file system does not support locks, so no agent can run here"
        ) from None


def _bound(folder: Folder, name: str) -> socket.socket:
    """A listener under ``name``. A file of that name is stale: otherwise its agent would hold the lock."""
    temp = f".{name}.new"  # one process at a time: this one holds the lock
    path = folder.path_of(temp)
    folder.unlink(temp)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(path)
        os.umask(before)
        _check_closed(folder, temp)
        listener.listen(limits.AGENT_BACKLOG)
        folder.rename(temp, name)
    except BaseException:
        os.umask(before)
        listener.close()
        raise
    return listener


def _check_closed(folder: Folder, name: str) -> None:
    if stat.S_IMODE(os.stat(name, dir_fd=folder.fd, follow_symlinks=False).st_mode) != 0o600:
        raise errors.UnsafeFile(f"{folder.path_of(name)}: other users cannot be kept out of this socket")


def _passed(fd: int) -> socket.socket:
    listener = socket.socket(fileno=fd)
    if listener.family != socket.AF_UNIX or not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        listener.close()
        raise errors.UnsafeFile("the socket that systemd passed is not a listening Unix socket")
    listener.listen(
        limits.AGENT_BACKLOG
    )  # from now on the kernel names this process to clients, not the process that made the socket
    os.set_inheritable(fd, False)
    return listener
