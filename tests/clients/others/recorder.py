"""Web servers that write down whose keys a request was signed with, and refuse it."""

from __future__ import annotations

import re
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

REFUSED = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>recorded</Message></Error>'
# Signature versions 4 (header and query) and 2 (header).
SIGNED = re.compile(r"(?:Credential=|AWS )([A-Z0-9]{16,})")


class Recorder:
    """One server. ``keys``: the key id of each request, None where it was not signed. A context manager."""

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, certificate: tuple[str, str] | None = None
    ) -> None:
        """``certificate``: paths of a PEM chain and its key, to serve https."""
        keys: list[str | None] = []
        self.keys = keys

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                found = SIGNED.search(self.headers.get("Authorization") or "")
                keys.append(found[1] if found else None)
                self.send_response(403)
                self.send_header("Content-Type", "application/xml")
                self.send_header("Content-Length", str(len(REFUSED)))
                self.send_header("Connection", "close")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(REFUSED)

            def log_message(self, *_: object) -> None:
                """Nothing: what was asked is in ``keys``."""

        for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.answer)
        self._server = ThreadingHTTPServer((host, port), Handler)
        if certificate is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(*certificate)
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"http://{host}:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
