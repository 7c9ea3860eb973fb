"""One HTTP exchange with AWS: sends a request, reads a bounded answer. TLS is always verified; redirects are not
followed.

http.client and ssl cost 35 ms; an SDK's client costs 200 ms and cannot end every read at the deadline. Proxies and CA
bundles are those of AWS's tools (proxies.py, ca_trust.py).
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import NamedTuple

from vault import errors, limits
from vault.aws import connections
from vault.aws.bounded_read import response_class
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    import http.client
    from collections.abc import Mapping

    from vault.aws.connections import ConnectionPool, Route
    from vault.aws.target import Target
    from vault.profiles.aws_files import Setting
    from vault.system.clock import Deadline


class Reply(NamedTuple):
    """An answer: its status, its headers by lower-case name, its body."""

    status: int
    headers: dict[str, str]
    body: bytes


class _RawRequest(NamedTuple):
    """The request as it is sent. ``path`` is the target of the request line."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None


class _ClosedBeforeAnswer(Exception):
    """The server closed the connection before the first byte of an answer."""


def preload() -> None:
    """Import what a call needs, while the process waits for something else."""
    for module in ("http.client", "ssl"):
        import_module(module)


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
) -> Reply:
    """Send a request once and read the answer.

    ``query`` is encoded already. ``env`` names proxies and CA bundles ({} for none, default os.environ); ``ca_bundle``
    is the profile's. ``pool`` keeps the connection for the next call. ``reuse=False`` opens a new connection: an idle
    one may turn out to be closed, and then it is unknown whether AWS got the request, which must not happen with an MFA
    code. Errors: Unreachable (``sent`` tells whether the request may have arrived), ConfigError.
    """
    if deadline.remaining() <= 0:
        raise errors.Unreachable("no time left for a call to AWS")
    by = connections.route(to, env=os.environ if env is None else env, ca_bundle=ca_bundle)
    request = _request(by, method, query, headers, body, keep_alive=pool is not None)
    idle = pool.take(by) if pool is not None and reuse else None
    if idle is not None:
        try:
            return _exchange(idle, request, by=by, deadline=deadline, pool=pool)
        except _ClosedBeforeAnswer:
            pass  # AWS closed it since the last call, before it took the request: open a new one
    new = connections.connect(by, pool=pool, deadline=deadline)
    try:
        return _exchange(new, request, by=by, deadline=deadline, pool=pool)
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
    return _RawRequest(method, path, headers, body)


def _exchange(
    connection: http.client.HTTPConnection,
    request: _RawRequest,
    *,
    by: Route,
    deadline: Deadline,
    pool: ConnectionPool | None,
) -> Reply:
    """One request and its answer over an open connection, which then goes to the pool or is closed."""
    import http.client

    read_by = deadline.at_most(limits.AWS_READ)
    connection.response_class = response_class(read_by, limits.AWS_READ)
    reply, reusable = None, False
    try:
        connection.sock.settimeout(max(0.001, read_by.remaining()))
        connection.request(request.method, request.path, body=request.body, headers=request.headers)
        with connection.getresponse() as response:  # closed at once, even if the answer is too long
            reply = _read(response, safe(by.to.host))
        reusable = not response.will_close
    except TimeoutError:
        raise errors.Unreachable(
            f"{safe(by.to.host)} received the request but did not answer in time", sent=True
        ) from None
    except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
        raise _ClosedBeforeAnswer from None
    except (OSError, http.client.HTTPException, ValueError):
        raise _broken(by.to) from None
    finally:
        if pool is not None and reusable:
            pool.put(by, connection)
        else:
            connection.close()
    return reply


def _broken(to: Target) -> errors.Unreachable:
    return errors.Unreachable(
        f"the connection to {safe(to.host)} broke after the request was sent", sent=True
    )


def _read(response: http.client.HTTPResponse, where: str) -> Reply:
    body = b""
    while len(body) <= limits.MAX_AWS_ANSWER:
        piece = response.read(limits.MAX_AWS_ANSWER + 1 - len(body))
        if not piece:
            break
        body += piece
    if len(body) > limits.MAX_AWS_ANSWER:
        raise errors.Unreachable(
            f"the answer from {where} is larger than {limits.MAX_AWS_ANSWER} bytes", sent=True
        )
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, headers, body)
