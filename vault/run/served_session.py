"""The session that ``exec --server`` serves, and the frames that carry it between processes. Makes no calls.

The body, which is the answer's JSON, is in one buffer that can be wiped. No other copy is made here.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager

from vault import limits
from vault.aws import credential_json
from vault.cache import freshness

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from typing import Any

    from vault.cache.freshness import Freshness
    from vault.credentials.issued import Issued

_SIZES = 8  # bytes before a frame: the lengths of its head and its body


class CutShort(ValueError):
    """The other end stopped in the middle of a frame, or sent something else."""


class Served:
    """The body of an answer and the times of its session in Unix seconds. ``wipe`` waits until no client is being answered."""

    def __init__(self, body: bytearray, *, issued: int, expires: int) -> None:
        self.issued = issued
        self.expires = expires
        self._body = body
        self._lock = threading.Lock()
        self._readers = 0
        self._over = False

    def freshness(self, now: float) -> Freshness:
        """The session's freshness at Unix time ``now``."""
        return freshness.classify(issued=self.issued, expires=self.expires, now=now)

    @contextmanager
    def shown(self) -> Iterator[memoryview | None]:
        """The body, which is not wiped within the context; None if it was wiped before."""
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
        """Give the body to no further client, and overwrite it as soon as nobody reads it."""
        with self._lock:
            self._over = True
            self._wipe()

    def _wipe(self) -> None:
        if self._over and not self._readers:
            self._body[:] = bytes(len(self._body))


def document(issued: Issued) -> bytes:
    """The answer in the format of ECS: the session token is called Token, and there is no Version."""
    found = credential_json.fields(issued.line)
    shown = {
        "AccessKeyId": found["AccessKeyId"],
        "SecretAccessKey": found["SecretAccessKey"],
        "Token": found.get("SessionToken", ""),
        "Expiration": found.get("Expiration", ""),
    }
    if "AccountId" in found:
        shown["AccountId"] = found["AccountId"]
    if issued.chain.hops:
        shown["RoleArn"] = issued.chain.hops[-1].role_arn
    return json.dumps(shown).encode("ascii")


def frame(head: dict[str, Any], body: bytes = b"") -> bytes:
    """A frame for ``receive``: ``head`` as JSON, then the body."""
    said = json.dumps(head).encode("ascii")
    return len(said).to_bytes(4, "big") + len(body).to_bytes(4, "big") + said + body


def receive(connection: socket.socket) -> tuple[dict[str, Any], bytearray]:
    """Read one frame, and return its head and body. Reads nothing after it. Raises CutShort, OSError (timeout)."""
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
    received = bytearray(size)
    receive_into(connection, memoryview(received))
    return received


def receive_into(connection: socket.socket, place: memoryview) -> None:
    """Fill ``place`` from the connection. Raises CutShort, OSError."""
    while place:
        taken = connection.recv_into(place)
        if not taken:
            raise CutShort
        place = place[taken:]
