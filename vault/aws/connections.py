"""Connections to AWS: opened directly or through a proxy, with TLS verified, and kept open between the calls of a run."""

from __future__ import annotations

import os
from typing import NamedTuple

from vault import limits
from vault.aws import ca_trust, connection_errors
from vault.aws.bounded_read import response_class
from vault.aws.proxies import Proxy, proxy_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    import http.client
    import ssl
    from collections.abc import Mapping
    from typing import Any

    from vault.aws.target import Target
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
        self._idle: dict[tuple[Target, Proxy | None], http.client.HTTPConnection] = {}
        self._contexts: dict[ca_trust.CaBundle | None, ssl.SSLContext] = {}

    def take(self, by: Route) -> http.client.HTTPConnection | None:
        """The idle connection of this route, which then leaves the pool."""
        return self._idle.pop((by.to, by.proxy), None)

    def put(self, by: Route, connection: http.client.HTTPConnection) -> None:
        """Keep an idle connection. If the pool already has one for the route, close that one."""
        old = self.take(by)
        if old is not None:
            old.close()
        self._idle[by.to, by.proxy] = connection

    def check(
        self, to: Target, *, ca_bundle: Setting | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        """ConfigError if the settings rule out any call to ``to``. Called before an MFA code is used for it."""
        by = route(to, env=os.environ if env is None else env, ca_bundle=ca_bundle)
        if to.scheme == "https":
            self.ssl_context(by.ca_bundle)

    def ssl_context(self, ca_bundle: ca_trust.CaBundle | None) -> ssl.SSLContext:
        """``ca_trust.ssl_context``, made once for each bundle."""
        if ca_bundle not in self._contexts:
            self._contexts[ca_bundle] = ca_trust.ssl_context(ca_bundle)
        return self._contexts[ca_bundle]

    def close(self) -> None:
        """Close all connections. Calling it twice is harmless."""
        for connection in self._idle.values():
            connection.close()
        self._idle.clear()


def connect(by: Route, *, pool: ConnectionPool | None, deadline: Deadline) -> http.client.HTTPConnection:
    """A new connection, TLS established. Errors: Unreachable, ConfigError (a CA bundle that cannot be read)."""
    import http.client
    import ssl

    from vault.aws.tcp_connect import connector

    connection: Any = _unconnected(by, pool or ConnectionPool())
    connection._create_connection = connector(deadline)  # noqa: SLF001  # http.client's own hook since Python 2.7
    connection.response_class = response_class(deadline, limits.AWS_CONNECT)  # a proxy's answer to CONNECT
    try:
        connection.connect()
    except ssl.SSLError as error:
        connection.close()
        raise connection_errors.tls_failed(by.to, error) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        connection.close()
        raise connection_errors.not_connected(by.to, by.proxy, error) from None
    connected: http.client.HTTPConnection = connection
    return connected


def _unconnected(by: Route, pool: ConnectionPool) -> http.client.HTTPConnection:
    import http.client

    to, proxy = by.to, by.proxy
    name, port = (to.name, to.port) if proxy is None else (proxy.name, proxy.port)
    if to.scheme == "http":
        return http.client.HTTPConnection(name, port)
    connection = http.client.HTTPSConnection(name, port, context=pool.ssl_context(by.ca_bundle))
    if proxy is not None:
        authorization = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
        connection.set_tunnel(to.name, to.effective_port, headers=authorization)
    return connection
