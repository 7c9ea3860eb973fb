"""``exec --server``: a container-credentials endpoint on 127.0.0.1 that answers one child for as long as it lives.

In the process of the exec itself and not in the agent: the agent makes no network call, opens no port and knows no
profile, while this needs all three, for one child, and ends with it. It holds the session alone; what that is renewed with
is kept by a process beside it (vault/run/key_keeper), and the vault is opened in another (vault/run/server_handover).
Whoever does not know the token, or asks by another host name, learns nothing, not even which paths there are.
"""

from __future__ import annotations

import hmac
import json
import secrets
import socket
import threading
import time
from typing import NamedTuple, Self

from vault import errors, limits
from vault.run.session_refresh import SessionRefresh
from vault.system import hardening
from vault.system.loopback import request_head, same_user
from vault.text import ascii_safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.context import Context
    from vault.credentials.obtain import Obtained
    from vault.credentials.request import Request
    from vault.run.key_keeper import KeyKeeper
    from vault.run.server_handover import Handed
    from vault.run.token_file import TokenFile

PATH = "/credentials"


def new_token() -> str:
    """What a client has to know: 256 random bits."""
    return secrets.token_urlsafe(32)


class ServerReply(NamedTuple):
    """An HTTP answer: its status, and its body as JSON."""

    status: int
    body: dict[str, str]


class CredentialEndpoint:
    """The listening socket and its rules. ``token`` is what the child sends as Authorization."""

    def __init__(self, renewing: SessionRefresh, *, token: str) -> None:
        self._renewing = renewing
        self.token = token
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
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._answer(connection, head)
        except OSError:
            return  # it hung up
        finally:
            if unchecked:
                self._unchecked.release()
            self._slots.release()

    def _answer(self, connection: socket.socket, head: bytes) -> None:
        refused = self.refused(head)
        while refused is None:
            try:
                session = self._renewing.current()
            except errors.Error as error:
                said = ascii_safe(f"awsvault-py: {error.message}")
                refused = ServerReply(500, {"code": type(error).__name__, "message": said})
                break
            with session.shown() as body:
                if body is not None:  # else it was renewed or wiped a moment ago
                    connection.sendall(_head(200, len(body)))
                    connection.sendall(body)
                    return
        if refused is not None:
            text = json.dumps(refused.body).encode("ascii")
            connection.sendall(_head(refused.status, len(text)) + text)

    def refused(self, head: bytes) -> ServerReply | None:
        """The answer to a request that gets no session. The host comes first, then the token: nothing is told before both
        are right.
        """
        request = _parse(head)
        if request is None:
            return ServerReply(
                400, {"code": "BadRequest", "message": "this is no request that is answered here"}
            )
        method, path, headers = request
        if headers.get(b"host", []) != [b"127.0.0.1:%d" % self.port]:
            return ServerReply(403, {"code": "Forbidden", "message": "wrong host"})
        given = headers.get(b"authorization", [])
        if len(given) != 1 or not hmac.compare_digest(given[0], self.token.encode("ascii")):
            return ServerReply(401, {"code": "Unauthorized", "message": "wrong token"})
        if path != PATH.encode("ascii"):
            return ServerReply(404, {"code": "NotFound", "message": "there is nothing here"})
        if method != b"GET":
            return ServerReply(405, {"code": "MethodNotAllowed", "message": "only GET"})
        return None


class Serving:
    """A running endpoint for one child: its address, its token, and the file with that."""

    def __init__(
        self, endpoint: CredentialEndpoint, keeper: KeyKeeper, token: TokenFile, *, leave: Callable[[], None]
    ) -> None:
        self._endpoint = endpoint
        self._keeper = keeper
        self._token = token
        self._leave = leave
        self.url = endpoint.url
        self.token = endpoint.token
        self.token_file = token.path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._endpoint.close()
        self._keeper.close()
        self._token.remove()
        self._leave()

    def start(self) -> None:
        """Begin to answer: once the child is there, since a process with threads should not fork."""
        self._endpoint.start()


def begin(context: Context, request: Request, *, program: str) -> Obtained:
    """The first session for ``request``, for the command ``program``. Errors: those of the session, and Usage where it is a
    key that never ends.
    """
    from vault.credentials import refreshing

    hardening.before_keys()  # also where the first session lies ready: a later one needs keys
    first = refreshing.first(context, request, program=program)
    if first.issued.expires is None:
        raise errors.Usage(
            "--server serves sessions, and this profile gives a key that does not end",
            hint="leave out --server, or --no-session",
        )
    return first


def serving(context: Context, handed: Handed, *, program: str) -> Serving:
    """An endpoint for the session that was handed over. Errors: StorageError, UnsafeFile."""
    from vault.run.key_keeper import Job, KeyKeeper
    from vault.run.token_file import TokenFile
    from vault.unlocking import running_servers

    paths, secret = context.paths, new_token()
    token = TokenFile.make(paths, secret)
    entered = None
    try:
        entered = running_servers.enter(paths)
        name = None if entered is None else entered.name
        watch = running_servers.Watch(paths, mark=handed.mark, name=name)
        job = Job(handed.request, program, handed.chain, handed.main)
        keeper = KeyKeeper.begin(context, job, key=handed.key, watch=watch, entered=entered, token=token)
        renewing = SessionRefresh(
            handed.first,
            keeper.again,
            clock=context.clock,
            locked=lambda: watch.locked() or keeper.said_locked(),
        )
        endpoint = CredentialEndpoint(renewing, token=secret)
    except BaseException:  # the keeper ends with this process
        token.remove()
        running_servers.leave(paths, None if entered is None else entered.name)
        raise
    return Serving(endpoint, keeper, token, leave=lambda: running_servers.leave(paths, name))


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


def _head(status: int, size: int) -> bytes:
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {size}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii")
