"""Where a credentials server listens: a port of 127.0.0.1, or a Unix socket. Parsed from ``serve --bind``, and opened."""

from __future__ import annotations

import errno
import os
import socket

from vault import errors, limits
from vault.records import NamedTuple
from vault.system.loopback import same_user
from vault.system.unix_listener import UnixListener
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Listener(Protocol):
        """What a server accepts connections from. ``url`` is for AWS_CONTAINER_CREDENTIALS_FULL_URI, without its path."""

        socket: socket.socket
        url: str

        def allows_host(self, given: list[bytes]) -> bool:
            """Whether a request with these Host headers is meant for this server, and not sent by a web page's script."""

        def allows_peer(self, port: object) -> bool:
            """Whether the process that connected from ``port`` is this user's, as far as the system tells."""

        def close(self) -> None:
            """Stop listening."""


_HINT = "write --bind 127.0.0.1:PORT, or --bind unix:PATH for containers"
_LOCAL_NAMES = (b"127.0.0.1", b"localhost")


class ServerAddress(NamedTuple):
    """A port of 127.0.0.1 (0: a free one), or the path of a Unix socket."""

    port: int = 0
    path: str | None = None

    @classmethod
    def parse(cls, text: str) -> ServerAddress:
        """``127.0.0.1:PORT`` or ``unix:PATH``. Errors: Usage."""
        kind, _, rest = text.partition(":")
        if kind == "unix" and rest and "\0" not in rest:
            return cls(path=os.path.abspath(rest))
        if kind == "127.0.0.1" and _is_port(rest):
            return cls(port=int(rest))
        shown = safe(text, limit=80)
        host, _, port = text.rpartition(":")
        if host in ("0.0.0.0", "*", "[::]", "::"):  # noqa: S104  # it is refused
            raise errors.Usage(f"--bind {shown!r}: other machines could connect", hint=_HINT)
        if kind not in ("127.0.0.1", "unix") and _is_port(port) and text != port:
            raise errors.Usage(f"--bind {shown!r}: the host can be only 127.0.0.1", hint=_HINT)
        raise errors.Usage(f"--bind {shown!r} is not an address", hint=_HINT)

    def listen(self) -> Listener:
        """Open it. Errors: StorageError, UnsafeFile, Usage."""
        return SocketListener(self.path) if self.path is not None else PortListener(self.port)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535


class PortListener:
    """A port of 127.0.0.1."""

    def __init__(self, port: int = 0) -> None:
        try:
            self.socket = socket.create_server(("127.0.0.1", port), backlog=limits.SERVER_BACKLOG)
        except OSError as error:
            why = "already in use" if error.errno == errno.EADDRINUSE else os.strerror(error.errno or 0)
            raise errors.StorageError(f"127.0.0.1:{port}: {why}", hint="use another port") from None
        self.port: int = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def allows_host(self, given: list[bytes]) -> bool:
        """Only the exact name and port: a web page that reached this port by another name sends that name."""
        return given == [b"127.0.0.1:%d" % self.port]

    def allows_peer(self, port: object) -> bool:
        """By the kernel's table of connections."""
        return isinstance(port, int) and same_user(peer_port=port, server_port=self.port)

    def close(self) -> None:
        """Stop listening."""
        self.socket.close()


class SocketListener:
    """A Unix socket. A program in a container connects to a port of its own loopback that leads to it."""

    url = "http://127.0.0.1"

    def __init__(self, path: str) -> None:
        self._listener = UnixListener.bind(path, backlog=limits.SERVER_BACKLOG)
        self.socket = self._listener.socket
        self.path = self._listener.path

    def allows_host(self, given: list[bytes]) -> bool:
        """A local name with any port: which port leads to the socket is the container's choice."""
        return len(given) == 1 and given[0].partition(b":")[0].lower() in _LOCAL_NAMES

    def allows_peer(self, port: object) -> bool:  # noqa: ARG002  # a Unix socket has none
        """The socket's mode (0600) has decided that."""
        return True

    def close(self) -> None:
        """Stop listening, and remove the socket."""
        self._listener.close()
