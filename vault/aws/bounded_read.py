"""Reads an answer until a deadline: http.client alone would wait again after each byte."""

from __future__ import annotations

import io
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    import http.client
    import socket

    from vault.system.clock import Deadline


def response_class(deadline: Deadline, seconds: float) -> Any:
    """A class for http.client's ``response_class``, whose reads all end at ``deadline``, or after ``seconds``."""
    import http.client

    def response(sock: socket.socket, **more: Any) -> http.client.HTTPResponse:
        bounded: Any = _BoundedSocket(sock, deadline.at_most(seconds))
        return http.client.HTTPResponse(bounded, **more)

    return response


class _BoundedSocket:
    """A socket whose every read ends at the deadline; http.client alone would wait again after each byte."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(_BoundedReader(self._sock, self._deadline))


class _BoundedReader(io.RawIOBase):
    """The socket's own raw file, which keeps the descriptor open after http.client has closed the socket."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._deadline.remaining()
        if left <= 0:
            raise TimeoutError
        before = self._sock.gettimeout()
        self._sock.settimeout(left)
        try:
            return self._file.readinto(buffer) or 0
        finally:
            self._sock.settimeout(before)  # TLS through a proxy starts with it

    def close(self) -> None:
        self._file.close()
        super().close()
