"""The HTTP of the stand-in: a thread a connection, keep-alive, one write an answer, cuts and floods on demand."""

from __future__ import annotations

import contextlib
import email.utils
import http
import selectors
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.fakes.service import Answer
from tests.fakes.sigv4 import Request
from tests.patience import PATIENCE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl

BODY_LIMIT = 1 << 20
IDLE = 60.0  # seconds that a connection may stand silent
Route = Callable[[Request], Answer]


class Server(ThreadingHTTPServer):
    """Listens on a free port of 127.0.0.1; `route` turns a request into an answer, `now` gives the Date."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024

    def __init__(
        self, route: Route, now: Callable[[], float], *, tls: ssl.SSLContext | None = None, port: int = 0,
        largest: int = BODY_LIMIT,
    ) -> None:  # fmt: skip
        self.route, self.now, self.tls, self.largest = route, now, tls, largest
        super().__init__(("127.0.0.1", port), Handler)
        self._end, self._ended = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def server_bind(self) -> None:
        # As the parent, without its look-up of the machine's own name, which can wait on a resolver.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._end.shutdown(socket.SHUT_RDWR)  # so that a process forked meanwhile does not keep it open
        self._thread.join(PATIENCE)
        self._end.close()
        self._ended.close()
        self.server_close()

    def _serve(self) -> None:
        # Not serve_forever, which looks only from time to time whether it has to end: each test would wait for that.
        with selectors.DefaultSelector() as either:
            either.register(self, selectors.EVENT_READ)
            either.register(self._ended, selectors.EVENT_READ)
            while self._ended not in [key.fileobj for key, _ in either.select()]:
                self._handle_request_noblock()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no news here."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE
    server: Server

    def setup(self) -> None:
        if self.server.tls is not None:  # here and not at accept, where a silent client would stop all others
            self.request.settimeout(self.timeout)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            if self.server.tls is not None:  # the server closes what it accepted, not what TLS made of it
                self.request.close()

    def do_GET(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > self.server.largest or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._send(Answer(411 if "Transfer-Encoding" in self.headers else 413, b""))
            return
        body = self.rfile.read(int(length))
        parts = urlsplit(self.path)
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]},{value}" if key in headers else value
        self._send(self.server.route(Request(self.command, parts.path, parts.query, headers, body)))

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815 - the base class looks for these names

    def _send(self, answer: Answer) -> None:
        if answer.cut in ("before", "after"):
            self._cut()
            return
        length = answer.stream or len(answer.body)
        headers = {
            "Date": email.utils.formatdate(self.server.now() + answer.date_off, usegmt=True),
            "Content-Type": answer.content_type,
            "Content-Length": str(length),
            **answer.headers,
        }
        if self.close_connection:
            headers["Connection"] = "close"
        phrase = http.HTTPStatus(answer.status).phrase if answer.status in set(http.HTTPStatus) else "Status"
        head = (
            f"HTTP/1.1 {answer.status} {phrase}\r\n"
            + "".join(f"{k}: {v}\r\n" for k, v in headers.items())
            + "\r\n"
        )
        body = b"" if self.command == "HEAD" else answer.body
        if answer.cut == "midway":
            self.wfile.write(head.encode("latin-1") + body[: len(body) // 2])
            self._cut()
            return
        self.wfile.write(head.encode("latin-1") + body)
        self._flood(answer.stream)

    def _flood(self, size: int) -> None:
        block = b"<x>" + b"A" * 65530 + b"\n"
        while size > 0:
            self.wfile.write(block[:size])
            size -= len(block)

    def _cut(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Silence; the log is `calls`."""
