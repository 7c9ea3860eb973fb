"""``exec --server``: a container-credentials endpoint on 127.0.0.1 that answers one child for as long as it lives.

In the process of the exec itself and not in the agent: the agent makes no network call, opens no port and knows no
profile, while this needs all three, for one child, and ends with it. It holds what it renews with (the agent's
answers, else the vault that was opened for it) in memory that other processes of the user may not read.
Whoever does not know the token, or asks by another host name, learns nothing, not even which paths there are.
"""

from __future__ import annotations

import hmac
import json
import secrets
import socket
import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Self

from vault import errors, limits
from vault.aws import answer
from vault.cache.bands import Band, ahead_until
from vault.system.loopback import request_head, same_user
from vault.text import ascii_safe

if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.profiles import Config
    from vault.flows.context import Context
    from vault.flows.sessions import Got, Wish
    from vault.system.clock import Clock

PATH = "/credentials"


class Reply(NamedTuple):
    """An HTTP answer: its status, and its body as JSON."""

    status: int
    body: dict[str, str]


class Renewing:
    """The newest session, renewed before it is due. ``again`` asks for it anew; it may wait for AWS."""

    def __init__(self, first: Got, again: Callable[[], Got], *, clock: Clock) -> None:
        self._got = first
        self._again = again
        self._clock = clock
        self._one = threading.Lock()  # one renewal at a time
        self._failed = -float(limits.SERVER_RETRY)  # when the last one failed, by the monotonic clock
        self._error: errors.Error | None = None

    def current(self) -> Got:
        """A session that may be handed out. Errors: what the renewal met, where none may be any more."""
        got = self._got
        band = got.band(self._clock.time())
        if band in (Band.FRESH, Band.AHEAD):
            return got
        return self._renewed(wait=band is Band.OVER)

    def ahead(self) -> None:
        """Renew where it is time to; called beside the requests, so that none of them has to wait."""
        if self._got.band(self._clock.time()) is not Band.FRESH:
            self._renewed(wait=False)

    def pause(self) -> float:
        """Seconds until ``ahead`` should be called again."""
        got = self._got
        if got.expires is None or got.issued is None:
            return limits.SERVER_LOOK
        until = got.expires - ahead_until(got.expires - got.issued) - self._clock.time()
        return min(limits.SERVER_LOOK, max(1.0, until))  # a clock can jump, and machines sleep

    def _renewed(self, *, wait: bool) -> Got:
        if not self._one.acquire(blocking=wait):
            return self._got  # somebody is at it, and this one still lives
        try:
            now = self._clock.time()
            band = self._got.band(now)
            if band is Band.FRESH:
                return self._got  # somebody was faster
            if self._clock.monotonic() - self._failed < limits.SERVER_RETRY and self._error is not None:
                return self._or(self._error, band)
            try:
                self._got, self._error = self._again(), None
            except errors.Error as error:
                self._failed, self._error = self._clock.monotonic(), error
                return self._or(error, band)
            if self._got.band(self._clock.time()) is Band.OVER:
                raise errors.Unreachable("AWS gave a session that is over already by this machine's clock")
            return self._got
        finally:
            self._one.release()

    def _or(self, error: errors.Error, band: Band) -> Got:
        """The session in hand where it still lives, else the error."""
        if band is Band.OVER:
            raise error
        return self._got


class Endpoint:
    """The listening socket and its rules. ``token`` is what the child sends as Authorization."""

    def __init__(self, renewing: Renewing) -> None:
        self._renewing = renewing
        self.token = secrets.token_urlsafe(32)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=limits.SERVER_BACKLOG)
        self.port: int = self._listener.getsockname()[1]
        self._slots = threading.BoundedSemaphore(limits.SERVER_CONNECTIONS)
        self._unchecked = threading.BoundedSemaphore(limits.SERVER_UNCHECKED)
        self._over = threading.Event()

    @property
    def url(self) -> str:
        """What stands in AWS_CONTAINER_CREDENTIALS_FULL_URI."""
        return f"http://127.0.0.1:{self.port}{PATH}"

    def start(self) -> None:
        """Take connections, and renew beside them, in threads that end with the process or with ``close``. StorageError."""
        try:
            for work in (self._accept, self._renew):
                threading.Thread(target=work, daemon=True).start()
        except RuntimeError:
            raise errors.StorageError(
                "no thread could be started to serve credentials with",
                hint="raise the limit of processes (ulimit -u)",
            ) from None

    def close(self) -> None:
        """No more connections. What is being answered is answered."""
        self._over.set()
        self._listener.close()

    def _renew(self) -> None:
        while not self._over.wait(self._renewing.pause()):
            try:
                self._renewing.ahead()
            except Exception:  # noqa: BLE001, S112  # whoever asks when none is left is told; the next turn tries again
                continue

    def _accept(self) -> None:
        while True:
            self._slots.acquire()
            try:
                connection, peer = self._listener.accept()
            except OSError:
                self._slots.release()
                if self._over.is_set():
                    return
                time.sleep(0.05)  # out of descriptors: others will end
                continue
            try:
                threading.Thread(target=self._one, args=(connection, peer[1]), daemon=True).start()
            except RuntimeError:  # a limit of processes: others will end, and this client asks again
                connection.close()
                self._slots.release()
                time.sleep(0.05)

    def _one(self, connection: socket.socket, peer_port: int) -> None:
        unchecked = self._unchecked.acquire(blocking=False)
        try:
            with connection:
                # Where many are open, another user's are closed at once: without the token they can only be in the way.
                if not unchecked and not same_user(peer_port=peer_port, our_port=self.port):
                    return
                head = request_head(connection, most=limits.SERVER_HEAD, seconds=limits.SERVER_READ)
                if head is not None:
                    connection.sendall(_bytes(self.reply(head)))
        except OSError:
            return  # it hung up
        finally:
            if unchecked:
                self._unchecked.release()
            self._slots.release()

    def reply(self, head: bytes) -> Reply:
        """The answer to a request's head. The host comes first, then the token: nothing is told before both are right."""
        request = _parse(head)
        if request is None:
            return Reply(400, {"code": "BadRequest", "message": "this is no request that is answered here"})
        method, path, headers = request
        if headers.get(b"host", []) != [b"127.0.0.1:%d" % self.port]:
            return Reply(403, {"code": "Forbidden", "message": "wrong host"})
        given = headers.get(b"authorization", [])
        if len(given) != 1 or not hmac.compare_digest(given[0], self.token.encode("ascii")):
            return Reply(401, {"code": "Unauthorized", "message": "wrong token"})
        if path != PATH.encode("ascii"):
            return Reply(404, {"code": "NotFound", "message": "there is nothing here"})
        if method != b"GET":
            return Reply(405, {"code": "MethodNotAllowed", "message": "only GET"})
        try:
            return Reply(200, _document(self._renewing.current()))
        except errors.Error as error:
            return Reply(
                500, {"code": type(error).__name__, "message": ascii_safe(f"awsvault-py: {error.message}")}
            )


class Serving:
    """A running endpoint for one child: its address and token, the first session, and AWS's files as they were."""

    def __init__(self, endpoint: Endpoint, first: Got, config: Config) -> None:
        self._endpoint = endpoint
        self.url = endpoint.url
        self.token = endpoint.token
        self.first = first
        self.config = config

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._endpoint.close()

    def start(self) -> None:
        """Begin to answer: once the child is there, since a process with threads should not fork."""
        self._endpoint.start()


def serving(context: Context, wish: Wish, *, program: str) -> Serving:
    """An endpoint for ``wish``, for the command ``program``. Errors: those of the first session, and Usage where it is a key that never ends."""
    from vault.flows.lasting import lasting
    from vault.system import hardening

    hardening.before_keys()  # also where the first session lay ready: a later one needs keys
    first, again, config = lasting(context, wish, purpose=f"to serve {wish.profile}", program=program)
    if first.expires is None:
        raise errors.Usage(
            "--server serves sessions, and this profile gives a key that does not end",
            hint="leave out --server, or --no-session",
        )
    return Serving(Endpoint(Renewing(first, again, clock=context.clock)), first, config)


def _document(got: Got) -> dict[str, str]:
    """The answer as ECS gives it: the token is called Token, and there is no Version."""
    found = answer.fields(got.line)
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
    return shown


def _parse(head: bytes) -> tuple[bytes, bytes, dict[bytes, list[bytes]]] | None:
    """Method, path and headers by their small names; None for what is not HTTP/1.x."""
    first, *lines = head.split(b"\r\n")
    words = first.split(b" ")
    if len(words) != 3 or words[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        return None
    headers: dict[bytes, list[bytes]] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip() or b"\n" in line or b"\r" in line:
            return None
        headers.setdefault(name.lower(), []).append(value.strip(b" \t"))
    return words[0], words[1], headers


_REASONS = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 500: "Internal Server Error",
}  # fmt: skip


def _bytes(reply: Reply) -> bytes:
    body = json.dumps(reply.body).encode("ascii")
    head = (
        f"HTTP/1.1 {reply.status} {_REASONS[reply.status]}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
