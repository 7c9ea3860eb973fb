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
    from collections.abc import Callable, Mapping
    from typing import Any

    from vault.http.opened_ahead import OpenedAhead
    from vault.http.target import Target
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

    ``meanwhile`` is called once, between the first request of the run and its answer.
    """

    __slots__ = ("_ahead", "_by_folder", "_contexts", "_idle", "_meanwhile")

    def __init__(self, *, meanwhile: Callable[[], None] | None = None) -> None:
        self._idle: dict[Route, Any] = {}
        self._ahead: dict[Route, OpenedAhead] = {}
        self._contexts: dict[ca_trust.CaBundle | None, Any] = {}
        self._by_folder = False  # whether the default context trusts the machine's folder alone
        self._meanwhile = meanwhile

    def take(self, by: Route) -> Any:
        """The route's connection that is idle or was opened ahead, which leaves the pool; None if there is none. Unreachable."""
        ahead = self._ahead.pop(by, None)
        try:
            found = self._idle.pop(by, None) if ahead is None else ahead.connection()
        except TimeoutError as error:
            raise connection_errors.not_connected(by.to, by.proxy, error) from None
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

    def open_ahead(self, to: Target, *, ca_bundle: Setting | None, deadline: Deadline) -> None:
        """Open a connection for the next call to ``to`` while this process prepares the call. ConfigError.

        Only with TLS: without it, a connection takes less time than what prepares the call.
        """
        by = route(to, env=os.environ, ca_bundle=ca_bundle)
        if to.scheme == "https" and by not in self._ahead and by not in self._idle:
            from vault.http.opened_ahead import OpenedAhead

            self.ssl_context(by.ca_bundle)  # ConfigError before anything is opened
            self._ahead[by] = OpenedAhead(
                lambda: connect(by, pool=self, deadline=deadline), deadline=deadline
            )

    def ssl_context(self, ca_bundle: ca_trust.CaBundle | None) -> Any:
        """The context for a bundle, or for the machine's certificates; made once. ConfigError."""
        if ca_bundle not in self._contexts:
            by_folder = ca_trust.folder_context() if ca_bundle is None else None
            self._by_folder = self._by_folder or by_folder is not None
            self._contexts[ca_bundle] = ca_trust.ssl_context(ca_bundle) if by_folder is None else by_folder
        return self._contexts[ca_bundle]

    def fuller_context(self, ca_bundle: ca_trust.CaBundle | None, refused: Any) -> Any | None:
        """After the context ``refused`` refused a server: the one with all the machine's certificates, from now on; None if it had all.

        Another thread's connection may have asked for it in the meantime.
        """
        if self._by_folder and ca_bundle is None:
            self._contexts[None], self._by_folder = ca_trust.ssl_context(None), False
        current = self._contexts[ca_bundle]
        return None if current is refused else current

    def work_meanwhile(self) -> None:
        """Do what this process can do until the answer comes, once."""
        work, self._meanwhile = self._meanwhile, None
        if work is not None:
            work()

    def close(self) -> None:
        """Close all connections. Calling it twice is harmless."""
        for ahead in self._ahead.values():
            ahead.abandon()
        for connection in self._idle.values():
            connection.close()
        self._ahead.clear()
        self._idle.clear()


def _is_silent(idle: Any, by: Route) -> bool:
    """Whether an unused connection is open and nothing came after the last answer: the next call would take it for its own."""
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
    pool = pool or ConnectionPool()
    context = pool.ssl_context(by.ca_bundle) if by.to.scheme == "https" else None
    sock = _dialed(by, deadline=deadline)
    if context is None:
        return sock
    from vault.http import tls

    try:
        try:
            return _encrypted(sock, context, by, deadline=deadline)
        except tls.CertificateRefused:
            fuller = pool.fuller_context(by.ca_bundle, context)
            if fuller is None:
                raise
        return _encrypted(_dialed(by, deadline=deadline), fuller, by, deadline=deadline)
    except tls.TlsError as error:
        raise connection_errors.tls_failed(by.to, error) from None


def _dialed(by: Route, *, deadline: Deadline) -> Any:
    """A new socket, connected to the host, if need be by the proxy. Unreachable."""
    to, proxy = by.to, by.proxy
    name, port = (to.name, to.effective_port) if proxy is None else (proxy.name, proxy.port)
    sock: Any = None
    try:
        sock = tcp_connect.connected(name, port, deadline=deadline)
        if proxy is not None and to.scheme == "https":
            _tunnel(sock, by, proxy, deadline=deadline)
    except (OSError, wire.NoHttpAnswer, ValueError) as error:
        if sock is not None:
            sock.close()
        raise connection_errors.not_connected(to, proxy, error) from None
    return sock


def _tunnel(sock: Any, by: Route, proxy: Proxy, *, deadline: Deadline) -> None:
    """Let the proxy connect to the host. OSError with its answer if it refuses."""
    there = f"{by.to.bracketed}:{by.to.effective_port}"
    headers = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
    request = wire.request_head("CONNECT", there, host=there, headers=headers, body=None)
    answer = wire.open_tunnel(sock, request, deadline=deadline.at_most(limits.AWS_CONNECT))
    if answer.status != 200:
        raise connection_errors.TunnelRefused(f"{answer.status} {answer.reason}".strip())


def _encrypted(sock: Any, context: Any, by: Route, *, deadline: Deadline) -> TlsSocket:
    """``sock`` with TLS, the name in its certificate verified. It is closed on an error. TlsError, Unreachable."""
    from vault.http import tls

    try:
        left = deadline.remaining()  # a proxy may have taken all of it
        if left <= 0:
            raise TimeoutError
        return tls.encrypted(sock, context, by.to.name, timeout=min(limits.AWS_CONNECT, left))
    except tls.TlsError:
        raise
    except (OSError, ValueError) as error:
        sock.close()
        raise connection_errors.not_connected(by.to, by.proxy, error) from None
