"""A plain HTTP server that answers GetCallerIdentity, or what the test sets, and records each request."""

from __future__ import annotations

import socket
import threading

from tests.patience import PATIENCE

BODY = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    b"<Arn>arn:aws:iam::111111111111:user/yourself</Arn><UserId>AIDAEXAMPLE</UserId><Account>111111111111</Account>"
    b"</GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
)


class Recorder:
    """``asked``: (number of the connection, request line, headers) of each request. ``close_after``: answers per connection.

    ``bodies`` are the answers in turn; the last one is repeated.
    """

    def __init__(self, *, close_after=100, statuses=(), bodies=(), host="127.0.0.1"):
        self._socket = socket.create_server((host, 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://{host}:{self.port}"
        self.asked = []
        self._close_after = close_after
        self._statuses = list(statuses)
        self._bodies = list(bodies)
        self._count = 0
        self._threads = []

    def __enter__(self):
        self._threads.append(threading.Thread(target=self._accept, daemon=True))
        self._threads[0].start()
        return self

    def __exit__(self, *_):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _accept(self):
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            self._count += 1
            thread = threading.Thread(target=self._serve, args=(peer, self._count), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer, number):
        peer.settimeout(PATIENCE)
        with peer, peer.makefile("rb") as stream:
            for _ in range(self._close_after):
                line = stream.readline().decode().strip()
                if not line:
                    return
                headers = {}
                while (header := stream.readline().decode().strip()) != "":
                    name, _, value = header.partition(": ")
                    headers[name.lower()] = value
                stream.read(int(headers.get("content-length", "0")))
                self.asked.append((number, line, headers))
                status = self._statuses.pop(0) if self._statuses else "200 OK"
                body = BODY if status.startswith("200") else b"<html>busy</html>"
                if self._bodies:
                    body = self._bodies.pop(0) if len(self._bodies) > 1 else self._bodies[0]
                peer.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
