"""Connections to AWS: opened directly or through a proxy, with TLS verified, and kept open between the calls of a run."""

from __future__ import annotations

import os

from vault import limits
from vault.aws import ca_trust, connection_errors
from vault.aws.proxies import Proxy, proxy_for
from vault.http import tcp_connect, wire
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from vault.aws.target import Target
    from vault.http.tls import TlsSocket
    from vault.profiles.aws_files import Setting
    from vault.system.clock import Deadline


class Route(NamedTuple):
    """How a request reaches ``to``: the proxy, if any, and the CA bundle that verifies the server (None: the default)."""

    to: Target
    proxy: Proxy | None
    ca_bundle: ca_trust.CaBundle | None


def route(to: Target, *, env: Mapping[str, str], ca_bundle: Setting | None) -> Route:
    """The route that the environment and the profile's ``ca_bundle`` set for ``to``. ConfigError."""
    return Route(to, proxy_for(to, env), ca_trust.chosen_bundle(env, ca_bundle))


class ConnectionPool:
    """Connections that stay open from one call of a run to the next, and the TLS contexts they use.

    A second hop to the same host saves a connection, a TLS handshake and reading the machine's certificates.
    """

    __slots__ = ("_contexts", "_idle")

    def __init__(self) -> None:
        self._idle: dict[Route, Any] = {}
        self._contexts: dict[ca_trust.CaBundle | None, Any] = {}

    def take(self, by: Route) -> Any:
        """The idle connection of this route, which then leaves the pool; None if there is none that can be used."""
        found = self._idle.pop(by, None)
        if found is None or _is_silent(found, by):
            return found
        found.close()
        return None

    def put(self, by: Route, connection: Any) -> None:
        """Keep an idle connection. If the pool already has one for the route, close that one."""
        old = self._idle.pop(by, None)
        if old is not None:
            old.close()
        self._idle[by] = connection

    def check(
        self, to: Target, *, ca_bundle: Setting | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        """ConfigError if the settings rule out any call to ``to``. Called before an MFA code is used for it."""
        by = route(to, env=os.environ if env is None else env, ca_bundle=ca_bundle)
        if to.scheme == "https":
            self.ssl_context(by.ca_bundle)

    def ssl_context(self, ca_bundle: ca_trust.CaBundle | None) -> Any:
        """``ca_trust.ssl_context``, made once for each bundle."""
        if ca_bundle not in self._contexts:
            self._contexts[ca_bundle] = ca_trust.ssl_context(ca_bundle)
        return self._contexts[ca_bundle]

    def close(self) -> None:
        """Close all connections. Calling it twice is harmless."""
        for connection in self._idle.values():
            connection.close()
        self._idle.clear()


def _is_silent(idle: Any, by: Route) -> bool:
    """Whether an idle connection is open and nothing came after the last answer: the next call would take it for its own."""
    nothing: type[OSError] = BlockingIOError
    if by.to.scheme == "https":
        from vault.http.tls import NothingToRead

        nothing = NothingToRead
    idle.settimeout(0)
    try:
        idle.recv(1)
    except nothing:
        return True
    except OSError:
        return False
    return False


def connect(by: Route, *, pool: ConnectionPool | None, deadline: Deadline) -> Any:
    """A new socket, TLS established. Errors: Unreachable, ConfigError (a CA bundle that cannot be read)."""
    to, proxy = by.to, by.proxy
    context = (pool or ConnectionPool()).ssl_context(by.ca_bundle) if to.scheme == "https" else None
    name, port = (to.name, to.effective_port) if proxy is None else (proxy.name, proxy.port)
    sock: Any = None
    try:
        sock = tcp_connect.connected(name, port, deadline=deadline)
        if context is None:
            return sock
        if proxy is not None:
            _tunnel(sock, by, proxy, deadline=deadline)
        return _encrypted(sock, context, to, deadline=deadline)
    except (OSError, wire.NoHttpAnswer, ValueError) as error:
        if sock is not None:
            sock.close()
        raise connection_errors.not_connected(to, proxy, error) from None


def _tunnel(sock: Any, by: Route, proxy: Proxy, *, deadline: Deadline) -> None:
    """Let the proxy connect to the host. OSError with its answer if it refuses."""
    there = f"{by.to.bracketed}:{by.to.effective_port}"
    headers = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
    request = wire.request_head("CONNECT", there, host=there, headers=headers, body=None)
    answer = wire.open_tunnel(sock, request, deadline=deadline.at_most(limits.AWS_CONNECT))
    if answer.status != 200:
        raise connection_errors.TunnelRefused(f"{answer.status} {answer.reason}".strip())


def _encrypted(sock: Any, context: Any, to: Target, *, deadline: Deadline) -> TlsSocket:
    """``sock`` with TLS, the name in its certificate verified. Errors: Unreachable, OSError."""
    from vault.http import tls

    left = deadline.remaining()  # a proxy may have taken all of it
    if left <= 0:
        raise TimeoutError
    try:
        return tls.encrypted(sock, context, to.name, timeout=min(limits.AWS_CONNECT, left))
    except tls.TlsError as error:
        raise connection_errors.tls_failed(to, error) from None
