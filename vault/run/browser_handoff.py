"""Passes a secret URL to a browser through a one-time page on loopback, because every user can see a command line.

The browser opens http://127.0.0.1:PORT/RANDOM, which redirects once and then stops listening. It does not answer another
user's process or a request with another Host (DNS rebinding); see docs/security.md, login.
"""

from __future__ import annotations

import secrets
import socket
from hmac import compare_digest

from vault import limits
from vault.system.loopback import request_head, same_user
from vault.system.poll import readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from vault.secret import Secret
    from vault.system.clock import Deadline


class Handoff:
    """A listening socket that redirects once, as a context manager. The browser opens ``url``."""

    def __init__(self, target: Secret) -> None:
        self._target = target
        self._path = "/" + secrets.token_urlsafe(24)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=8)
        self._port = self._socket.getsockname()[1]

    @property
    def url(self) -> str:
        """The URL to open; it redirects once."""
        return f"http://127.0.0.1:{self._port}{self._path}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def serve(self, *, deadline: Deadline, failed: Callable[[], bool] = lambda: False) -> bool:
        """Answer requests until the URL is fetched (returns True), or the deadline passes or the browser ``failed`` (False)."""
        while True:
            if not readable([self._socket.fileno()], min(deadline.remaining(), limits.HANDOFF_LOOK)):
                if deadline.expired or failed():
                    return False
                continue
            connection, peer = self._socket.accept()
            with connection:
                if self._answer(
                    connection, peer_port=peer[1], deadline=deadline.at_most(limits.HANDOFF_READ)
                ):
                    return True

    def _answer(self, connection: socket.socket, *, peer_port: int, deadline: Deadline) -> bool:
        if not same_user(peer_port=peer_port, server_port=self._port):
            return False  # read nothing from another user's connection: it must not make the browser wait
        try:
            head = request_head(connection, most=limits.HANDOFF_HEAD, seconds=deadline.remaining())
            if head is None or not self._is_browser(head.decode("latin-1").split("\r\n")):
                connection.sendall(_response("404 Not Found"))
                return False
            connection.sendall(_response("303 See Other", self._target.reveal_text()))
            connection.shutdown(socket.SHUT_WR)
        except (OSError, ValueError):
            return False
        return True

    def _is_browser(self, head: list[str]) -> bool:
        words = head[0].split(" ") if head else []
        hosts = [line.partition(":")[2].strip() for line in head[1:] if line.lower().startswith("host:")]
        return (
            len(words) == 3  # method, path, version
            and words[0] == "GET"
            and compare_digest(words[1].encode(), self._path.encode())
            and hosts == [f"127.0.0.1:{self._port}"]
        )


def _response(status: str, location: str | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Length: 0", "Connection: close", "Cache-Control: no-store"]
    lines += ["Referrer-Policy: no-referrer"]
    if location is not None:
        lines.append(f"Location: {location}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")
