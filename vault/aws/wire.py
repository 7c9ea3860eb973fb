"""One HTTP exchange with AWS: a request out, a bounded answer back. TLS always verified; no redirect is followed.

http.client and ssl cost 35 ms where an SDK's client costs 200, and let every read end with the deadline.
Proxies and the certificates to trust are those of AWS's tools (vault/aws/proxies.py, trust.py).
"""

from __future__ import annotations

import os
import socket
from importlib import import_module
from typing import NamedTuple
from urllib.parse import urlsplit

from vault import errors, limits
from vault.aws import ca_trust
from vault.aws.bounded_read import response_by
from vault.aws.proxies import Proxy, proxy_for
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    import http.client
    import ssl
    from collections.abc import Callable, Mapping
    from typing import Any

    from vault.profiles.aws_files import Setting
    from vault.system.clock import Deadline


class Reply(NamedTuple):
    """An answer: its status, its headers by lower-case name, its body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Target(NamedTuple):
    """A checked endpoint in its parts. ``host`` is the Host header's."""

    scheme: str
    name: str
    port: int | None
    path: str

    @property
    def host(self) -> str:
        """The Host header: the port only where it is not the scheme's own."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        default = {"https": 443, "http": 80}[self.scheme]
        return name if self.port in (None, default) else f"{name}:{self.port}"


def target(url: str) -> Target | None:
    """The parts of an http or https URL without user, query or fragment; None for anything else."""
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if (
        parts.scheme not in {"https", "http"}
        or not name
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
    ):
        return None
    return Target(parts.scheme, name, port, parts.path or "/")


class Kept:
    """Connections that stay open from one call of a run to its next, and the certificates that they trust.

    A second hop to the same host spares a connection, a TLS handshake and reading the machine's certificates.
    """

    __slots__ = ("_contexts", "_idle")

    def __init__(self) -> None:
        self._idle: dict[tuple[Target, Proxy | None], http.client.HTTPConnection] = {}
        self._contexts: dict[ca_trust.Bundle | None, ssl.SSLContext] = {}

    def take(self, to: Target, proxy: Proxy | None) -> http.client.HTTPConnection | None:
        """The idle connection to ``to``, which is no longer kept."""
        return self._idle.pop((to, proxy), None)

    def keep(self, to: Target, proxy: Proxy | None, connection: http.client.HTTPConnection) -> None:
        """Hold an idle connection; one that was held before is closed."""
        before = self._idle.pop((to, proxy), None)
        if before is not None:
            before.close()
        self._idle[to, proxy] = connection

    def check(
        self, to: Target, *, bundle: Setting | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        """ConfigError where no call to ``to`` can be made as things are set: said before a code is taken for it."""
        env = os.environ if env is None else env
        proxy_for(to, env)
        if to.scheme == "https":
            self.trust(ca_trust.bundle(env, bundle))

    def trust(self, bundle: ca_trust.Bundle | None) -> ssl.SSLContext:
        """``trust.context``, once for each bundle."""
        if bundle not in self._contexts:
            self._contexts[bundle] = ca_trust.context(bundle)
        return self._contexts[bundle]

    def close(self) -> None:
        """Close all; twice does no harm."""
        for connection in self._idle.values():
            connection.close()
        self._idle.clear()


def prepare() -> None:
    """Load what a call needs, while somebody else is waited for."""
    for module in ("http.client", "ssl"):
        import_module(module)


def post(
    to: Target,
    *,
    headers: dict[str, str],
    body: bytes,
    deadline: Deadline,
    env: Mapping[str, str] | None = None,
    bundle: Setting | None = None,
    kept: Kept | None = None,
    reuse: bool = True,
) -> Reply:
    """``send`` of a POST."""
    return send(
        to, method="POST", headers=headers, body=body, deadline=deadline, env=env, bundle=bundle, kept=kept,
        reuse=reuse,
    )  # fmt: skip


def send(
    to: Target,
    *,
    method: str,
    query: str = "",
    headers: dict[str, str],
    body: bytes | None = None,
    deadline: Deadline,
    env: Mapping[str, str] | None = None,
    bundle: Setting | None = None,
    kept: Kept | None = None,
    reuse: bool = True,
) -> Reply:
    """Send once and read the answer. ``query`` is ready-made; ``env`` ({} for none) names proxies and certificates;
    ``bundle`` is the profile's ca_bundle; ``kept`` holds the connection for the next call. ``reuse`` False takes a new one: an old one may turn out to be closed, and whether
    AWS took the request is then not known, which a code does not bear. Errors: Unreachable (``sent`` tells whether it may have arrived), ConfigError.
    """
    env = os.environ if env is None else env
    if deadline.remaining() <= 0:
        raise errors.Unreachable("no time is left for a call to AWS")
    proxy = proxy_for(to, env)
    sent = {**headers, "connection": "close" if kept is None else "keep-alive"}
    path = f"{to.path}?{query}" if query else to.path
    if proxy is not None and to.scheme == "http":
        path = f"{to.scheme}://{to.host}{path}"
        if proxy.authorization:
            sent["proxy-authorization"] = proxy.authorization
    question = _Question(method, path, sent, body)

    def trusted() -> ssl.SSLContext:
        return (kept or Kept()).trust(ca_trust.bundle(env, bundle))

    idle = kept.take(to, proxy) if kept is not None and reuse else None
    if idle is not None:
        try:
            return _exchange(idle, question, to=to, proxy=proxy, deadline=deadline, kept=kept)
        except _Stale:
            pass  # closed by AWS since, before it took the request: as if it had not been kept
    fresh = _connected(to, proxy, env=env, deadline=deadline, trusted=trusted)
    try:
        return _exchange(fresh, question, to=to, proxy=proxy, deadline=deadline, kept=kept)
    except _Stale:
        raise errors.Unreachable(
            f"the connection to {safe(to.host)} broke after the request", sent=True
        ) from None


class _Question(NamedTuple):
    """What is sent: ``path`` as the request line has it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None


class _Stale(Exception):
    """The connection ended without a byte of an answer."""


def _connected(
    to: Target,
    proxy: Proxy | None,
    *,
    env: Mapping[str, str],
    deadline: Deadline,
    trusted: Callable[[], ssl.SSLContext],
) -> http.client.HTTPConnection:
    import http.client
    import ssl

    from vault.aws.connect import dialler

    connection: Any = _connection(to, proxy, trusted=trusted)
    connection._create_connection = dialler(deadline)  # noqa: SLF001  # its own hook for this, since Python 2.7
    connection.response_class = response_by(deadline, limits.AWS_CONNECT)  # for a proxy's answer to CONNECT
    try:
        connection.connect()
    except ssl.SSLError as error:
        connection.close()
        raise _untrusted(safe(to.host), error) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        connection.close()
        raise _no_connection(safe(to.host), error, env=env, to=to) from None
    opened: http.client.HTTPConnection = connection
    return opened


def _exchange(
    connection: http.client.HTTPConnection,
    question: _Question,
    *,
    to: Target,
    proxy: Proxy | None,
    deadline: Deadline,
    kept: Kept | None,
) -> Reply:
    """One request and its answer over an open connection, which is then kept or closed."""
    import http.client

    read_by = deadline.at_most(limits.AWS_READ)
    connection.response_class = response_by(read_by, limits.AWS_READ)
    reply, reusable = None, False
    try:
        connection.sock.settimeout(max(0.001, read_by.remaining()))
        connection.request(question.method, question.path, body=question.body, headers=question.headers)
        with connection.getresponse() as response:  # closed at once, also where its answer is too long
            reply = _read(response, safe(to.host))
        reusable = not response.will_close
    except TimeoutError:
        raise errors.Unreachable(
            f"{safe(to.host)} took the request and did not answer in time", sent=True
        ) from None
    except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
        raise _Stale from None
    except (OSError, http.client.HTTPException, ValueError):
        raise errors.Unreachable(
            f"the connection to {safe(to.host)} broke after the request", sent=True
        ) from None
    finally:
        if kept is not None and reusable:
            kept.keep(to, proxy, connection)
        else:
            connection.close()
    return reply


def _read(response: http.client.HTTPResponse, where: str) -> Reply:
    body = b""
    while len(body) <= limits.MAX_AWS_ANSWER:
        piece = response.read(limits.MAX_AWS_ANSWER + 1 - len(body))
        if not piece:
            break
        body += piece
    if len(body) > limits.MAX_AWS_ANSWER:
        raise errors.Unreachable(f"the answer of {where} is over {limits.MAX_AWS_ANSWER} bytes", sent=True)
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, headers, body)


def _connection(
    to: Target, proxy: Proxy | None, *, trusted: Callable[[], ssl.SSLContext]
) -> http.client.HTTPConnection:
    import http.client

    name, port, tunnel = to.name, to.port, {}
    if proxy is not None:
        name, port = proxy.name, proxy.port
        tunnel = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
    if to.scheme == "http":
        return http.client.HTTPConnection(name, port)
    connection = http.client.HTTPSConnection(name, port, context=trusted())
    if proxy is not None:
        connection.set_tunnel(to.name, to.port or 443, headers=tunnel)
    return connection


def _untrusted(where: str, error: ssl.SSLError) -> errors.Unreachable:
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return errors.Unreachable(
            f"the certificate of {where} is not trusted: {safe(error.verify_message)}",
            hint="where a proxy of your company opens TLS, name its certificates in AWS_CA_BUNDLE",
        )
    return errors.Unreachable(f"TLS with {where} failed")


def _no_connection(where: str, error: Exception, *, env: Mapping[str, str], to: Target) -> errors.Unreachable:
    proxy = proxy_for(to, env)
    if proxy is not None:
        _, refused, said = str(error).partition("Tunnel connection failed: ")  # as http.client words it
        return errors.Unreachable(
            f"no connection to {where} through the proxy {safe(proxy.name)}:{proxy.port}"
            + (f", which answered {safe(said, limit=80)}" if refused else ""),
            hint="check HTTPS_PROXY, HTTP_PROXY and NO_PROXY",
        )
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return errors.Unreachable(f"no connection to {where}: no name server answers")
    if isinstance(error, (socket.gaierror, UnicodeError)):  # UnicodeError: no name of DNS at all
        return errors.Unreachable(f"no connection to {where}: its name is not known here")
    reason = (
        "no answer in time"
        if isinstance(error, TimeoutError)
        else os.strerror(getattr(error, "errno", 0) or 0)
    )
    return errors.Unreachable(f"no connection to {where}: {reason}")
