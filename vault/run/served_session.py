"""A session as ``exec --server`` serves it, and how one goes from process to process. Calls nothing.

Its body, the answer's JSON, stands in one place that can be wiped: no other copy is made of it here.
"""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from typing import Any

from vault import limits
from vault.aws import credential_json
from vault.cache import freshness
from vault.system.files import translate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.cache.freshness import Freshness
    from vault.credentials.obtain import Issued

_SIZES = 8  # bytes before a frame: the length of its head and of its body


class CutShort(ValueError):
    """The other end stopped in the middle of a frame, or sent something else."""


class Served:
    """The body of an answer and the times of its session, in unix seconds. Wiped once nobody is being sent it."""

    def __init__(self, body: bytearray, *, issued: int, expires: int) -> None:
        self.issued = issued
        self.expires = expires
        self._body = body
        self._lock = threading.Lock()
        self._readers = 0
        self._over = False

    def freshness(self, now: float) -> Freshness:
        """The session's band at unix time ``now``."""
        return freshness.classify(issued=self.issued, expires=self.expires, now=now)

    @contextmanager
    def shown(self) -> Iterator[memoryview | None]:
        """The body while it is sent; None once it was wiped."""
        with self._lock:
            if self._over:
                body = None
            else:
                self._readers += 1
                body = memoryview(self._body)
        try:
            yield body
        finally:
            if body is not None:
                body.release()
                with self._lock:
                    self._readers -= 1
                    self._wipe()

    def wipe(self) -> None:
        """Show it to nobody else, and overwrite it."""
        with self._lock:
            self._over = True
            self._wipe()

    def _wipe(self) -> None:
        if self._over and not self._readers:
            self._body[:] = bytes(len(self._body))


def document(got: Issued) -> bytes:
    """The answer as ECS gives it: the token is called Token, and there is no Version."""
    found = credential_json.fields(got.line)
    shown = {
        "AccessKeyId": found["AccessKeyId"],
        "SecretAccessKey": found["SecretAccessKey"],
        "Token": found.get("SessionToken", ""),
        "Expiration": found.get("Expiration", ""),
    }
    if "AccountId" in found:
        shown["AccountId"] = found["AccountId"]
    if got.chain.hops:
        shown["RoleArn"] = got.chain.hops[-1].role_arn
    return json.dumps(shown).encode("ascii")


def pair() -> tuple[socket.socket, socket.socket]:
    """Two connected sockets. Errors: StorageError."""
    try:
        return socket.socketpair()
    except OSError as error:
        raise translate(error, "a connection between two of our processes") from None


def frame(head: dict[str, Any], body: bytes = b"") -> bytes:
    """What ``receive`` takes: ``head`` as JSON, and the body behind it."""
    said = json.dumps(head).encode("ascii")
    return len(said).to_bytes(4, "big") + len(body).to_bytes(4, "big") + said + body


def receive(connection: socket.socket) -> tuple[dict[str, Any], bytearray]:
    """A frame's head and body; nothing behind it is read. CutShort, OSError (its time is over)."""
    sizes = _exactly(connection, _SIZES)
    head, body = int.from_bytes(sizes[:4], "big"), int.from_bytes(sizes[4:], "big")
    if head + body > limits.SERVER_FRAME:
        raise CutShort
    try:
        said = json.loads(_exactly(connection, head))
    except ValueError:
        raise CutShort from None
    if not isinstance(said, dict):
        raise CutShort
    return said, _exactly(connection, body)


def _exactly(connection: socket.socket, size: int) -> bytearray:
    got = bytearray(size)
    receive_into(connection, memoryview(got))
    return got


def receive_into(connection: socket.socket, place: memoryview) -> None:
    """Fill ``place``. CutShort, OSError."""
    while place:
        taken = connection.recv_into(place)
        if not taken:
            raise CutShort
        place = place[taken:]
