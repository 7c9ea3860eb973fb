"""A listening Unix socket at a path that the user names, in a folder that is closed to other users."""

from __future__ import annotations

import os
import socket
import stat

from vault import errors, limits
from vault.system.clock import Deadline
from vault.system.files import Folder, translate
from vault.system.locks import lock_folder
from vault.text import safe

_MODE = 0o600
_HINT = (
    "use a folder of your own: mkdir -m 700 ~/.awsvault-share"  # chmod could break a folder that others need
)


class UnixListener:
    """The socket ``path``, until ``close`` is called."""

    def __init__(self, folder: Folder, name: str, listener: socket.socket) -> None:
        self._folder = folder
        self._name = name
        self.socket = listener
        self.path = folder.path_of(name)
        self._identity = _identity(folder, name)

    @classmethod
    def bind(cls, path: str, *, backlog: int) -> UnixListener:
        """Listen at ``path``. What a killed server left there is replaced; anything else stays.

        Errors: StorageError (the folder is missing, another server listens), UnsafeFile, Usage (an unusable path).
        """
        where, name = os.path.split(os.path.abspath(path))
        if not name or len(os.fsencode(path)) > limits.AGENT_SOCKET_PATH:
            raise errors.Usage(
                f"{safe(path)!r} cannot be the path of a socket",
                hint=f"use the path of a new file, of at most {limits.AGENT_SOCKET_PATH} bytes",
            )
        try:
            folder = Folder.open(where)
        except FileNotFoundError:
            raise errors.StorageError(
                f"{safe(where)}: no such folder", hint=f"run: mkdir -m 700 {safe(where)!r}"
            ) from None
        except errors.UnsafeFile as error:
            raise errors.UnsafeFile(error.message, hint=_HINT) from None
        try:
            with lock_folder(folder, deadline=_soon()):
                return cls(folder, name, _bound(folder, name, backlog=backlog))
        except BaseException:
            folder.close()
            raise

    def close(self) -> None:
        """Stop listening, and remove the socket unless it is another server's by now."""
        try:
            with lock_folder(self._folder, deadline=_soon()):
                # While the socket is open, no other one has its inode number; once it is closed, another server may replace it.
                if _identity(self._folder, self._name) == self._identity:
                    self._folder.unlink(self._name)
        except (FileNotFoundError, errors.Error):
            pass
        self.socket.close()
        self._folder.close()


def _soon() -> Deadline:
    return Deadline.after(limits.SERVER_END_WAIT)


def _identity(folder: Folder, name: str) -> tuple[int, int]:
    status = os.stat(name, dir_fd=folder.fd, follow_symlinks=False)
    return status.st_dev, status.st_ino


def _bound(folder: Folder, name: str, *, backlog: int) -> socket.socket:
    path = folder.path_of(name)
    _make_way(folder, name)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~_MODE)
    try:
        listener.bind(path)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise translate(error, path) from None
    finally:
        os.umask(before)
    return listener


def _make_way(folder: Folder, name: str) -> None:
    """Remove a socket at which nobody listens any more."""
    path = folder.path_of(name)
    try:
        mode = os.stat(name, dir_fd=folder.fd, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise errors.UnsafeFile(f"{safe(path)} exists and is not a socket", hint="use another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(limits.AGENT_TALK)
        try:
            probe.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            folder.unlink(name)
            return
        except OSError:
            pass
    raise errors.StorageError(
        f"{safe(path)}: another program listens there", hint="end it, or use another path"
    )
