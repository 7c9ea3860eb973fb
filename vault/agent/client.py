"""The agent's client, for everything except the warm export. It raises no errors of its own: if the agent is missing,
locked, older, slow or another user's, the answer is None and the caller continues without the agent.
"""

from __future__ import annotations

import os
from _socket import MSG_PEEK
from time import monotonic

from vault import limits
from vault.agent import protocol
from vault.agent.protocol import BadFrame
from vault.records import NamedTuple
from vault.secret import CacheKey, Secret
from vault.system.processes import peer_pid, stopped
from vault.warm import dial

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from collections.abc import Callable
    from typing import Any


class Limits(NamedTuple):
    """How long the agent keeps keys, in seconds: without use, at most, and the strict seeds. And whether sleep locks it."""

    idle: int
    hard: int
    strict: int
    sleep: bool


class Agent:
    """A connection to the agent. After the first failure it is closed, and every answer is None.

    ``answered``: whether an answer has come. ``waited``: the seconds after which an answer was given up, 0 if none was
    too late.
    """

    __slots__ = ("_owner", "_sock", "answered", "pid", "waited")

    def __init__(self, sock: _socket.socket) -> None:
        self._sock: _socket.socket | None = sock
        self._owner = os.getpid()
        self.pid = peer_pid(sock)
        self.answered = False
        self.waited = 0.0

    @property
    def cut_off(self) -> bool:
        """Whether the agent closed the connection: it is closed, but not because an answer was too late."""
        return self._sock is None and not self.waited

    @classmethod
    def reach(cls, path: str, *, answer: float = limits.AGENT_ANSWER) -> Agent | None:
        """The agent at the socket ``path``; None if there is none. Each answer may take ``answer`` seconds."""
        sock = dial(path, answer=answer)
        return None if sock is None else cls(sock)

    def close(self) -> None:
        """Close the connection; a second call does nothing."""
        if self._sock is not None:
            if self._owner == os.getpid():
                self._sock.close()
            else:  # a fork, in which the number may belong to another file by now
                self._sock.detach()
            self._sock = None

    def usable(self) -> bool:
        """Whether a request can be sent: from this process, and the agent has not closed the connection."""
        if self._sock is None or self._owner != os.getpid():
            return False
        patience = self._sock.gettimeout()
        self._sock.settimeout(0)
        try:
            self._sock.recv(
                1, MSG_PEEK
            )  # between requests an agent sends nothing, so this is the end of the connection
        except BlockingIOError:
            self._sock.settimeout(patience)
            return True
        except OSError:
            return False
        return False

    def allow(self, answer: float) -> None:
        """From now on let each answer take ``answer`` seconds."""
        if self._sock is not None:
            self._sock.settimeout(answer)

    def stopped(self) -> bool:
        """Whether the agent's process was stopped, so that it will not answer."""
        return bool(self.pid and stopped(self.pid))

    # ── requests ────────────────────────────────────────────────────────────────────────────

    def cache_key(self) -> CacheKey | None:
        """The cache key, while the vault is unlocked."""
        payload = self._exchange(protocol.frame(protocol.CACHE_KEY))
        whole = 1 + protocol.KEY + protocol.VAULT_ID
        if payload is None or payload[:1] != protocol.CACHE_KEY or len(payload) != whole:
            return None
        return CacheKey(Secret(payload[1 : 1 + protocol.KEY]), payload[1 + protocol.KEY :])

    def ask(self, op: str, **fields: Any) -> dict[str, Any] | None:
        """The answer to a request without an attachment: a dictionary with ``ok``."""
        return self._object(protocol.object_request(op, **fields))

    def unlock(
        self, *, vault_id: bytes, main: Secret | None, cache: Secret, times: Limits, person: bool
    ) -> dict[str, Any] | None:
        """Give the agent the keys. ``person``: the user ran ``unlock``, which also ends a lock by ``lock``."""
        names = ["cache"] if main is None else ["main", "cache"]
        keys = (b"" if main is None else main.reveal()) + cache.reveal()
        head = protocol.object_request(
            "UNLOCK", vault=vault_id.hex(), keys=names, person=person, **times._asdict()
        )
        return self._object(head + protocol.frame(keys))

    def unlock_strict(self, *, vault_id: bytes, strict: Secret, times: Limits) -> bool:
        """Give the agent the strict key for ``times.strict`` seconds. The vault is already unlocked."""
        head = protocol.object_request(
            "UNLOCK", vault=vault_id.hex(), keys=["strict"], person=True, **times._asdict()
        )
        answer = self._object(head + protocol.frame(strict.reveal()))
        return bool(answer and answer["ok"])

    def put_session(
        self, profile: str, fingerprint: bytes, body: bytes, *, issued: int, expires: int
    ) -> bool:
        """Give the agent a session to answer with. True if it keeps it."""
        try:
            head = protocol.put_request(profile, fingerprint, issued=issued, expires=expires, size=len(body))
            return self._exchange(head + protocol.frame(body)) == protocol.KEPT
        except (BadFrame, OverflowError):
            return False

    def sessions(self) -> dict[str, Any] | None:
        """STATUS with all its sessions, which may take several answers."""
        answer = self.ask("STATUS", first=0)
        while answer is not None and answer["ok"] and len(answer["sessions"]) < answer["total"]:
            more = self.ask("STATUS", first=len(answer["sessions"]))
            if more is None or not more["ok"] or not more["sessions"]:
                break
            answer["sessions"] += more["sessions"]
        return answer

    def wait_for(
        self, op: str, *, waiting: Callable[[float], None] | None = None, **fields: Any
    ) -> dict[str, Any] | None:
        """Like ``ask``, for a worker that may report its wait for an MFA code: ``waiting`` gets the seconds."""
        answer = self.ask(op, **fields)
        while answer is not None and "waiting" in answer:
            if waiting is not None:
                waiting(float(answer["waiting"]))
            answer = self.receive()
        return answer

    def send(self, op: str, **fields: Any) -> None:
        """Send a request without waiting; ``receive`` returns the answer later."""
        try:
            if self._sock is not None:
                self._sock.sendall(protocol.object_request(op, **fields))
        except OSError:
            self.close()

    def receive(self) -> dict[str, Any] | None:
        """The answer to the request that was sent."""
        payload = self._receive()
        return None if payload is None else self._parsed(payload)

    # ── frames ──────────────────────────────────────────────────────────────────────────────

    def _object(self, request: bytes) -> dict[str, Any] | None:
        payload = self._exchange(request)
        return None if payload is None else self._parsed(payload)

    def _parsed(self, payload: bytes) -> dict[str, Any] | None:
        try:
            return protocol.parse_answer(payload)
        except BadFrame:
            self.close()
            return None

    def _exchange(self, request: bytes) -> bytes | None:
        if self._sock is None:
            return None
        try:
            self._sock.sendall(request)
        except OSError as error:
            self._failed(error)
            return None
        return self._receive()

    def _receive(self) -> bytes | None:
        try:
            payload = self._read(protocol.length(self._read(protocol.LENGTH)))
        except (OSError, BadFrame) as error:
            self._failed(error)
            return None
        self.answered = True
        return payload

    def _failed(self, error: Exception) -> None:
        if isinstance(error, TimeoutError) and self._sock is not None:
            self.waited = self._sock.gettimeout() or 0.0
        self.close()

    def _read(self, size: int) -> bytes:
        """``size`` bytes. BadFrame if the agent sends fewer, TimeoutError if they do not all arrive within the timeout."""
        if self._sock is None:
            raise BadFrame
        received, end = b"", monotonic() + (self._sock.gettimeout() or 0.0)
        while len(received) < size:
            piece = self._sock.recv(size - len(received))
            received += piece
            if not piece:
                raise BadFrame
            if len(received) < size and monotonic() > end:
                raise TimeoutError
        return received
