"""One unsigned JSON call to IAM Identity Center: to its portal or to its sign-in. Knows no operation, and logs nothing."""

from __future__ import annotations

import json

from vault import errors
from vault.aws import service_errors, transport
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from vault.aws.service_endpoint import ServiceEndpoint
    from vault.system.clock import Deadline

_FORMS_OF_ERRORS = ("message", "Message", "__type", "error")


class JsonReply(NamedTuple):
    """AWS's answer: its status, its fields, and the name of the error (such as UnauthorizedException), empty if it has none."""

    status: int
    fields: dict[str, Any]
    error: str


def send(
    endpoint: ServiceEndpoint,
    path: str,
    *,
    method: str,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    deadline: Deadline,
    untrusted: str,
    what: str,
    empty: bool = False,
) -> JsonReply:
    """Send the call once. A refusal is an answer too; ``what`` begins each message; ``empty``: success has no body.

    ``untrusted`` says what the host would receive. Errors: Unreachable (also for a throttled call, and for an answer that is
    not AWS's), Untrusted, ConfigError.
    """
    to = endpoint.trusted(untrusted)
    to = to._replace(path=to.path.rstrip("/") + path)
    given = {"host": to.host, "user-agent": "awsvault-py", "accept": "application/json", **(headers or {})}
    try:
        reply = transport.send(
            to, method=method, query=query, headers=given, body=body, deadline=deadline, ca_bundle=endpoint.ca_bundle,
            pool=endpoint.pool,
        )  # fmt: skip
    except errors.Unreachable as error:
        raise errors.Unreachable(
            f"{what}: {error.message}", hint=error.hint, code=error.code, sent=error.sent
        ) from None
    fields = {} if empty and reply.status == 200 and not reply.body else _fields(reply)
    if fields is None:
        raise service_errors.not_from_aws(
            to.host, reply.status, reply.body, reason="no JSON from Identity Center", about=what
        )
    if reply.status >= 500 or reply.status == 429:
        hint = service_errors.THROTTLED_HINT if reply.status == 429 else service_errors.FAILING_HINT
        raise errors.Unreachable(
            f"{what} answered {reply.status}", code=str(reply.status), sent=True, hint=hint
        )
    name = reply.headers.get("x-amzn-errortype", "") if reply.status != 200 else ""
    return JsonReply(reply.status, fields, name.partition(":")[0])


def wrong_answer(what: str, found: str) -> errors.Unreachable:
    """The error for an answer without what its operation gives. ``found`` follows ``what``: "answered without …"."""
    return errors.Unreachable(f"{what} {found}", code="WrongAnswer", sent=True)


def _fields(reply: transport.Reply) -> dict[str, Any] | None:
    """The fields of an answer in the form of AWS's JSON services; None for any other."""
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    named = "x-amzn-errortype" in reply.headers or not found.keys().isdisjoint(_FORMS_OF_ERRORS)
    return found if reply.status == 200 or named else None
