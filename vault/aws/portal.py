"""Credentials of people who signed in with the AWS CLI: IAM Identity Center, and ``aws login``.

The sign-in itself is the AWS CLI's; its token is read from where the CLI keeps it and never written.
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import urlencode

from vault import errors, limits
from vault.aws import hosts, service_errors, sources, wire
from vault.aws.client import ServiceEndpoint
from vault.profiles.identity_center import lacking, lacks
from vault.profiles.values import is_account
from vault.system.user_files import read_users_file
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.sources import Fetched, SourceEnvironment
    from vault.profiles.chain import Login, Sso


def role_credentials(source: Sso, around: SourceEnvironment) -> Fetched:
    """The credentials of the profile's role at the portal. Errors: Refused (sign in again), Unreachable, ConfigError, Untrusted."""
    what = f"{source.origin}: the Identity Center"
    if source.role_name is None or source.account_id is None:
        raise errors.ConfigError(lacks(source.profile, source.origin, lacking(source)))
    to = ServiceEndpoint(
        source.portal,
        source.region.lower(),
        around.allow_http,
        place=str(source.portal_origin or ""),
        service=hosts.PORTAL,
        trusted_hosts=around.trusted_hosts,
    ).trusted("it would get the whole access token")
    token = _token(source, around)
    to = to._replace(path=to.path.rstrip("/") + "/federation/credentials")
    query = urlencode({"role_name": source.role_name, "account_id": source.account_id})
    headers = {"host": to.host, "user-agent": "awsvault-py", "x-amz-sso_bearer_token": token}
    try:
        reply = wire.send(
            to, method="GET", query=query, headers=headers, deadline=around.deadline, bundle=around.bundle
        )
    except errors.Unreachable as error:
        raise errors.Unreachable(f"{what}: {error.message}") from None
    held = _object(reply.body)
    if held is None or (reply.status != 200 and not _is_refusal(reply, held)):
        raise service_errors.not_awss(
            to.host, reply.status, reply.body, reason="no JSON of its portal", about=what
        )
    if reply.status == 401:
        raise _signed_out(source, "AWS no longer takes its token")
    if reply.status >= 500 or reply.status == 429:
        raise errors.Unreachable(f"{what} answered {reply.status}", code=str(reply.status), sent=True)
    if reply.status != 200:
        said = held.get("message")
        raise errors.Refused(
            f"{what} gives no credentials of role {safe(source.role_name)} in account {safe(source.account_id)}: "
            f"it answered {reply.status}{f': {safe(said)}' if isinstance(said, str) else ''}",
            hint="run: aws sso login, and check sso_account_id and sso_role_name",
        )
    fields = held.get("roleCredentials")
    if not isinstance(fields, dict):
        raise errors.Unreachable(f"{what} answered without credentials", code="WrongAnswer", sent=True)
    return _checked(fields, source, around, what)


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _is_refusal(reply: wire.Reply, held: dict[str, Any]) -> bool:
    """Whether an error has the form of AWS's JSON services."""
    return "x-amzn-errortype" in reply.headers or not {"message", "Message", "__type"}.isdisjoint(held)


def _checked(fields: dict[str, Any], source: Sso, around: SourceEnvironment, what: str) -> Fetched:
    milliseconds = fields.get("expiration")
    if (
        not isinstance(milliseconds, int | float)
        or isinstance(milliseconds, bool)
        or not 0 < milliseconds <= limits.MAX_MILLISECONDS
    ):
        raise errors.Unreachable(f"{what} answered without an expiry", code="WrongAnswer", sent=True)
    named = {
        "AccessKeyId": fields.get("accessKeyId"),
        "SecretAccessKey": fields.get("secretAccessKey"),
        "SessionToken": fields.get("sessionToken"),
    }
    now = around.deadline.clock.time()
    found = sources.checked(named, what=what, token="SessionToken", now=now)  # noqa: S106  # a field
    expiration = int(milliseconds // 1000)
    if expiration <= now or found.credentials.token is None:
        raise errors.Unreachable(
            f"{what} gave credentials that cannot be used", code="WrongAnswer", sent=True
        )
    account = source.account_id if is_account(source.account_id) else None
    return found._replace(expiration=expiration, account_id=account)


def _token(source: Sso, around: SourceEnvironment) -> str:
    """The access token that ``aws sso login`` left, still good."""
    from hashlib import sha1

    # The AWS CLI's own name for the file: not a matter of security.
    name = sha1((source.session or source.start_url).encode(), usedforsecurity=False).hexdigest()
    path = os.path.join(around.home, ".aws", "sso", "cache", f"{name}.json")
    raw = read_users_file(path, limit=limits.MAX_TOKEN_FILE)
    if raw is None:
        raise _signed_out(source, "nobody has signed in here")
    held = sources.document(raw, what=f"{source.origin}: the AWS CLI's token {safe(path)}")
    token, ends = held.get("accessToken"), held.get("expiresAt")
    if (
        not isinstance(token, str)
        or not isinstance(ends, str)
        or not 0 < len(token) <= limits.MAX_SESSION_TOKEN
    ):
        raise _signed_out(source, f"{safe(path)} holds no token")
    if not (token.isascii() and token.isprintable()):
        raise _signed_out(source, f"{safe(path)} holds no token")
    if sources.moment(ends, what=f"{source.origin}: {safe(path)}") <= around.deadline.clock.time():
        raise _signed_out(source, "the sign-in has expired")
    return token


def _signed_out(source: Sso, why: str) -> errors.Refused:
    from shlex import quote

    option, name = ("--sso-session", source.session) if source.session else ("--profile", source.profile)
    named = f"{option} {quote(safe(name))}"
    return errors.Refused(
        f"{source.origin}: profile {safe(source.profile)} uses IAM Identity Center, and {why}",
        hint=f"run: aws sso login {named}",
        code="SignedOut",
    )


def login_credentials(source: Login, around: SourceEnvironment) -> Fetched:
    """The credentials that ``aws login`` keeps, while they are good. Errors: Refused (sign in again), ConfigError."""
    from hashlib import sha256

    folder = around.env.get("AWS_LOGIN_CACHE_DIRECTORY") or os.path.join(
        around.home, ".aws", "login", "cache"
    )
    path = os.path.join(folder, sha256(source.session.strip().encode()).hexdigest() + ".json")
    what = f"{source.origin}: what aws login keeps"
    again = f"run: aws login --profile {safe(source.profile)}"
    raw = read_users_file(path, limit=limits.MAX_TOKEN_FILE)
    if raw is None:
        raise errors.Refused(f"{what}: nobody has signed in here", hint=again, code="SignedOut")
    held = sources.document(raw, what=what).get("accessToken")
    if not isinstance(held, dict):
        raise errors.ConfigError(f"{what} holds no credentials", hint=again)
    now = around.deadline.clock.time()
    if not isinstance(held.get("expiresAt"), str) or sources.moment(held["expiresAt"], what=what) <= now:
        raise errors.Refused(f"{what} has expired", hint=again, code="SignedOut")
    named = {
        "AccessKeyId": held.get("accessKeyId"),
        "SecretAccessKey": held.get("secretAccessKey"),
        "SessionToken": held.get("sessionToken"),
        "Expiration": held.get("expiresAt"),
        "AccountId": held.get("accountId"),
    }
    return sources.checked(named, what=what, token="SessionToken", now=now)  # noqa: S106  # a field
