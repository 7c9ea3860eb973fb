"""One HTTP exchange with AWS: sends a request, reads a bounded answer. TLS is always verified; redirects are not
followed.

An SDK's client costs 200 ms and cannot end every read at the deadline. Proxies and CA bundles are those of AWS's tools
(proxies.py, ca_trust.py).
"""

from __future__ import annotations

import os

from vault import errors, limits
from vault.aws import connections
from vault.http import wire
from vault.records import NamedTuple
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from vault.aws.connections import ConnectionPool, Route
    from vault.http.target import Target
    from vault.profiles.aws_files import Setting
    from vault.system.clock import Deadline


class Reply(NamedTuple):
    """An answer: its status, its headers by lower-case name, its body."""

    status: int
    headers: dict[str, str]
    body: bytes


class _RawRequest(NamedTuple):
    """The request as it is sent."""

    head: bytes
    body: bytes
    bodiless: bool  # whether its answer has no body


class _Bounds(NamedTuple):
    """What one exchange may take: bytes of the answer's body, seconds, and the end of every wait."""

    size: int
    seconds: float
    deadline: Deadline


def preload(env: Mapping[str, str]) -> None:
    """Import what a call by TLS needs, while the process waits for something else."""
    named = env.get("AWS_ENDPOINT_URL_STS") or env.get("AWS_ENDPOINT_URL") or ""
    if not named.startswith("http://"):
        import vault.http.tls  # noqa: F401


class _ClosedBeforeAnswer(Exception):
    """The server closed the connection before the first byte of an answer."""


def send(
    to: Target,
    *,
    method: str,
    query: str = "",
    headers: dict[str, str],
    body: bytes | None = None,
    deadline: Deadline,
    env: Mapping[str, str] | None = None,
    ca_bundle: Setting | None = None,
    pool: ConnectionPool | None = None,
    reuse: bool = True,
    most: int = limits.MAX_AWS_ANSWER,
    within: float = limits.AWS_READ,
) -> Reply:
    """Send a request once and read the answer.

    ``query`` is encoded already. ``env`` names proxies and CA bundles ({} for none, default os.environ); ``ca_bundle``
    is the profile's. ``pool`` keeps the connection for the next call. ``reuse=False`` opens a new connection: an idle
    one may turn out to be closed, and then it is unknown whether AWS got the request, which must not happen with an MFA
    code. ``most`` bounds the answer's body, ``within`` the seconds for request and answer. Errors: Unreachable (``sent`` tells whether the request may have arrived), ConfigError.
    """
    if deadline.remaining() <= 0:
        raise errors.Unreachable("no time left for a call to AWS")
    bounds = _Bounds(most, within, deadline)
    by = connections.route(to, env=os.environ if env is None else env, ca_bundle=ca_bundle)
    try:
        request = _request(by, method, query, headers, body, keep_alive=pool is not None)
    except ValueError:
        raise errors.Unreachable(f"a request to {safe(to.host)} cannot be written as HTTP") from None
    idle = pool.take(by) if pool is not None and reuse else None
    if idle is not None:
        try:
            return _exchange(idle, request, by=by, bounds=bounds, pool=pool)
        except _ClosedBeforeAnswer:
            pass  # AWS closed it since the last call, before it took the request: open a new one
    new = connections.connect(by, pool=pool, deadline=deadline)
    try:
        return _exchange(new, request, by=by, bounds=bounds, pool=pool)
    except _ClosedBeforeAnswer:
        raise _broken(to) from None


def _request(
    by: Route, method: str, query: str, headers: dict[str, str], body: bytes | None, *, keep_alive: bool
) -> _RawRequest:
    to, proxy = by.to, by.proxy
    headers = {**headers, "connection": "keep-alive" if keep_alive else "close"}
    path = f"{to.path}?{query}" if query else to.path
    if proxy is not None and to.scheme == "http":
        path = f"{to.scheme}://{to.host}{path}"
        if proxy.authorization:
            headers["proxy-authorization"] = proxy.authorization
    head = wire.request_head(method, path, host=to.host, headers=headers, body=body)
    return _RawRequest(head, body or b"", method == "HEAD")


def _exchange(
    connection: Any,
    request: _RawRequest,
    *,
    by: Route,
    bounds: _Bounds,
    pool: ConnectionPool | None,
) -> Reply:
    """One request and its answer over an open connection, which then goes to the pool or is closed."""
    where, reusable = safe(by.to.host), False
    try:
        answer = wire.ask(
            connection, request.head + request.body, deadline=bounds.deadline.at_most(bounds.seconds),
            most=bounds.size, bodiless=request.bodiless, meanwhile=pool.work_meanwhile if pool is not None else None,
        )  # fmt: skip
        reusable = answer.reusable
    except TimeoutError:
        raise errors.Unreachable(
            f"{where} received the request but did not answer in time", sent=True
        ) from None
    except wire.TooLarge:
        raise errors.Unreachable(
            f"the answer from {where} is larger than {bounds.size} bytes", sent=True
        ) from None
    except (wire.NoHttpAnswer, ConnectionResetError, BrokenPipeError):
        raise _ClosedBeforeAnswer from None
    except (OSError, ValueError):
        raise _broken(by.to) from None
    finally:
        if pool is not None and reusable:
            pool.put(by, connection)
        else:
            connection.close()
    return Reply(answer.status, answer.headers, answer.body)


def _broken(to: Target) -> errors.Unreachable:
    return errors.Unreachable(
        f"the connection to {safe(to.host)} broke after the request was sent", sent=True
    )
