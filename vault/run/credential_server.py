"""The credentials server of ``exec --server`` and ``serve``: an endpoint for container credentials while the command runs.

It runs in the process of the command and not in the agent: the agent makes no network calls, opens no port and knows no
profile, and the server needs all three. It has only the session. The key that refreshes the session is in another process
(vault/run/key_keeper), and the vault was opened before this process started itself again (vault/run/server_handover). A client
that does not know the token, or uses another host name, learns nothing, not even which paths exist.
"""

from __future__ import annotations

import hmac
import json
import socket
import threading
import time

from vault import errors, limits
from vault.records import NamedTuple
from vault.run.server_address import PortListener
from vault.run.session_refresh import SessionRefresh
from vault.system import hardening
from vault.system.loopback import request_head
from vault.text import ascii_safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from vault.context import Context
    from vault.credentials.obtain import Obtained
    from vault.credentials.request import Request
    from vault.run.key_keeper import KeyKeeper
    from vault.run.server_address import Listener, ServerAddress
    from vault.run.server_handover import Handover
    from vault.run.token_file import Token

PATH = "/credentials"


class ServerReply(NamedTuple):
    """An HTTP answer: its status, and its body as JSON."""

    status: int
    body: dict[str, str]


class CredentialEndpoint:
    """The listening socket, and the rules for answering. Clients send ``token`` as Authorization."""

    def __init__(self, refresh: SessionRefresh, *, token: str, listener: Listener | None = None) -> None:
        self._refresh = refresh
        self.token = token
        self._listener = listener or PortListener()
        self._slots = threading.BoundedSemaphore(limits.SERVER_CONNECTIONS)
        self._unchecked = threading.BoundedSemaphore(limits.SERVER_UNCHECKED)
        self._over = threading.Event()

    @property
    def url(self) -> str:
        """The value of AWS_CONTAINER_CREDENTIALS_FULL_URI."""
        return self._listener.url + PATH

    @property
    def socket_path(self) -> str | None:
        """The path of a Unix socket, or None for a port."""
        return getattr(self._listener, "path", None)

    def start(self) -> None:
        """Start threads that accept connections and refresh the session. They end with the process or with ``close``.

        Raises StorageError.
        """
        try:
            for work in (self._accept, self._keep_fresh):
                threading.Thread(target=work, daemon=True).start()
        except RuntimeError:
            raise errors.StorageError(
                "cannot start a thread to serve credentials",
                hint="raise the limit on processes (ulimit -u)",
            ) from None

    def close(self) -> None:
        """Accept no more connections. Answers in progress are finished."""
        self._over.set()
        self._listener.close()

    def _keep_fresh(self) -> None:
        while not self._over.wait(self._refresh.pause()):
            try:
                self._refresh.ahead()
            except Exception:  # noqa: BLE001, S112  # a client that gets no session is told why; the next round tries again
                continue

    def _accept(self) -> None:
        while True:
            self._slots.acquire()
            try:
                connection, peer = self._listener.socket.accept()
            except OSError:
                self._slots.release()
                if self._over.is_set():
                    return
                time.sleep(0.05)  # out of descriptors: wait until other connections end
                continue
            try:
                threading.Thread(target=self._one, args=(connection, peer[1:2]), daemon=True).start()
            except RuntimeError:  # at the limit on processes: others will end, and this client will try again
                connection.close()
                self._slots.release()
                time.sleep(0.05)

    def _one(self, connection: socket.socket, peer: tuple[object, ...]) -> None:
        unchecked = self._unchecked.acquire(blocking=False)
        try:
            with connection:
                # With many connections open, close those of other users at once: they have no token and only take up room.
                if not unchecked and not self._listener.allows_peer(peer[0] if peer else None):
                    return
                head = request_head(connection, most=limits.SERVER_HEAD, seconds=limits.SERVER_READ)
                if head is not None:
                    if connection.family == socket.AF_INET:
                        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._answer(connection, head)
        except OSError:
            return  # the client hung up
        finally:
            if unchecked:
                self._unchecked.release()
            self._slots.release()

    def _answer(self, connection: socket.socket, head: bytes) -> None:
        refused = self.refused(head)
        while refused is None:
            try:
                session = self._refresh.current()
            except errors.Error as error:
                said = ascii_safe(f"awsvault-py: {error.message}")
                refused = ServerReply(500, {"code": type(error).__name__, "message": said})
                break
            with session.shown() as body:
                if body is not None:  # otherwise it was refreshed or wiped just now
                    connection.sendall(_head(200, len(body)))
                    connection.sendall(body)
                    return
        if refused is not None:
            text = json.dumps(refused.body).encode("ascii")
            connection.sendall(_head(refused.status, len(text)) + text)

    def refused(self, head: bytes) -> ServerReply | None:
        """The answer that refuses a request; None if the request gets the session.

        Host and token are checked first. Unless both are right, the answer reveals nothing else.
        """
        request = _parse(head)
        if request is None:
            return ServerReply(400, {"code": "BadRequest", "message": "not a valid HTTP request"})
        method, path, headers = request
        if not self._listener.allows_host(headers.get(b"host", [])):
            return ServerReply(403, {"code": "Forbidden", "message": "wrong host"})
        given = headers.get(b"authorization", [])
        if len(given) != 1 or not hmac.compare_digest(given[0], self.token.encode("ascii")):
            return ServerReply(401, {"code": "Unauthorized", "message": "wrong token"})
        if path != PATH.encode("ascii"):
            return ServerReply(404, {"code": "NotFound", "message": "not found"})
        if method != b"GET":
            return ServerReply(405, {"code": "MethodNotAllowed", "message": "use GET"})
        return None


class Serving:
    """A running endpoint: its URL, its token, the file that contains the token, and why it must end."""

    def __init__(
        self,
        endpoint: CredentialEndpoint,
        keeper: KeyKeeper,
        token: Token,
        *,
        leave: Callable[[], None],
        locked: Callable[[], bool],
    ) -> None:
        self._endpoint = endpoint
        self._keeper = keeper
        self._token = token
        self._leave = leave
        self._locked = locked
        self.url = endpoint.url
        self.token = endpoint.token
        self.token_file = token.path
        self.socket_path = endpoint.socket_path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._token.remove()  # first: once the socket is closed, another server may have both names
        self._endpoint.close()
        self._keeper.close()
        self._leave()

    def reason(self) -> errors.Locked | None:
        """Why the server can refresh nothing any more: the vault was locked, or the keeper is gone. None: it can."""
        if self._locked():
            return errors.Locked(
                "the vault was locked while this server ran, so the server ended",
                hint="run: awsvault-py unlock, and start the server again",
            )
        return self._keeper.gone()

    def start(self) -> None:
        """Begin to answer. Call this after the command has started, because a process with threads should not fork."""
        self._endpoint.start()


def begin(context: Context, request: Request, *, program: str, command: bool = True) -> Obtained:
    """Get the first session for ``request``, for the command ``program``; ``command``: exec --server runs it.

    Raises Usage for a key that does not expire, and the errors of getting a session.
    """
    from vault.credentials import refreshing

    hardening.before_keys()  # even if the first session is cached, because later ones need keys
    first = refreshing.first(context, request, program=program)
    if first.issued.expires is None:
        who, hint = (
            "serve",
            "serve a profile with a role, or a key of the vault without awsvault_session = off",
        )
        if command:
            who, hint = "--server", f"leave out {'--server' if request.session else '--no-session'}"
        raise errors.Usage(
            f"{who} issues only sessions, and this profile gives a key that does not expire", hint=hint
        )
    return first


def serving(
    context: Context, handed: Handover, *, program: str, address: ServerAddress | None = None
) -> Serving:
    """Create the endpoint for the session that was handed over, at ``address`` or a free port. Raises StorageError, UnsafeFile."""
    from vault.run import token_file
    from vault.run.key_keeper import Job, KeyKeeper
    from vault.unlocking import running_servers

    paths, secret = context.paths, token_file.new_token()
    listener = address.listen() if address is not None else PortListener()
    entered = token = None
    try:
        token = token_file.make(paths, secret, beside=address.path if address is not None else None)
        entered = running_servers.register(paths)
        name = None if entered is None else entered.name
        watch = running_servers.Watch(paths, mark=handed.mark, name=name)
        job = Job(handed.request, program, handed.chain, handed.main)
        keeper = KeyKeeper.begin(context, job, key=handed.key, watch=watch, entered=entered, token=token)
        refresh = SessionRefresh(
            handed.first,
            keeper.again,
            clock=context.clock,
            locked=lambda: watch.locked() or keeper.said_locked(),
        )
        endpoint = CredentialEndpoint(refresh, token=secret, listener=listener)
    except BaseException:  # the keeper ends with this process
        if token is not None:
            token.remove()
        listener.close()
        running_servers.unregister(paths, None if entered is None else entered.name)
        raise
    return Serving(
        endpoint,
        keeper,
        token,
        leave=lambda: running_servers.unregister(paths, name),
        locked=lambda: watch.locked() or keeper.said_locked(),
    )


def _parse(head: bytes) -> tuple[bytes, bytes, dict[bytes, list[bytes]]] | None:
    """Method, path, and headers by lowercase name; None if the request is not HTTP/1.x."""
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
