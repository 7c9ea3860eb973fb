"""A proxy that leads every CONNECT to one port of this machine, for tools whose endpoint cannot be set.

With a stand-in that holds a certificate for AWS's names, such a tool believes that it talks to AWS itself.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self
from urllib.parse import urlsplit

HOSTS = (
    "*.amazonaws.com",
    *(f"*.{region}.amazonaws.com" for region in ("us-east-1", "us-west-2", "eu-west-1")),
)
HEAD_LIMIT = 65536
IDLE = 60.0  # seconds


class Tunnel:
    """``with Tunnel(aws.url) as tunnel: tunnel.url`` is what HTTPS_PROXY takes; ``hosts`` is what was asked for."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        assert parts.port is not None
        self._target = ("127.0.0.1", parts.port)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.hosts: list[str] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                threading.Thread(target=self._lead, args=(client,), daemon=True).start()

    def _lead(self, client: socket.socket) -> None:
        client.settimeout(IDLE)
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head and len(head) < HEAD_LIMIT:
                block = client.recv(4096)
                if not block:
                    return
                head += block
            method, host, _ = head.split(b"\r\n")[0].decode("latin-1").split(" ")
            if method != "CONNECT":
                client.sendall(b"HTTP/1.1 405 Only CONNECT\r\nContent-Length: 0\r\n\r\n")
                return
            self.hosts.append(host)
            with socket.create_connection(self._target, timeout=IDLE) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=carry, args=(server, client), daemon=True)
                back.start()
                carry(client, server)
                back.join(IDLE)


def carry(source: socket.socket, target: socket.socket) -> None:
    """Carries bytes one way until the source ends, and tells the target so."""
    with contextlib.suppress(OSError):
        while block := source.recv(65536):
            target.sendall(block)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
