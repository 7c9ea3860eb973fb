"""Credentials of a role from IAM Identity Center's portal.

The access token is that of awsvault-py's own sign-in. Without one it is that of ``aws sso login``, which is read from the AWS
CLI's cache, and never written or refreshed: a refresh token may be valid only once.
"""

from __future__ import annotations

import os
from urllib.parse import urlencode

from vault import errors, limits
from vault.aws import hosts, sso_call
from vault.aws.fetched import check_fields, expiry, json_object
from vault.aws.request_pace import RequestPace
from vault.aws.service_endpoint import ServiceEndpoint
from vault.aws.sso_call import wrong_answer
from vault.profiles.identity_center import incomplete, missing_role_keys
from vault.profiles.values import is_account
from vault.records import NamedTuple
from vault.secret import Secret
from vault.system.user_files import read_users_file
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vault.aws.fetched import FetchedCredentials
    from vault.aws.provider_inputs import ProviderContext
    from vault.profiles.chain import Sso

_UNTRUSTED_REASON = "it would receive the access token of your sign-in"


class CliToken(NamedTuple):
    """The access token of ``aws sso login``, its expiry in Unix seconds, and the file that it is in."""

    token: Secret
    expires: int
    path: str


def role_credentials(source: Sso, context: ProviderContext) -> FetchedCredentials:
    """The credentials of the profile's role. Errors: Refused (sign in again), Unreachable, ConfigError, Untrusted."""
    what = f"{source.origin}: IAM Identity Center"
    if source.role_name is None or source.account_id is None:
        raise errors.ConfigError(incomplete(source.profile, source.origin, missing_role_keys(source)))
    endpoint = ServiceEndpoint(
        source.portal,
        source.region.lower(),
        context.allow_http,
        place=str(source.portal_origin or ""),
        service=hosts.PORTAL,
        trusted_hosts=context.trusted_hosts,
        ca_bundle=context.ca_bundle,
    )
    endpoint.trusted(_UNTRUSTED_REASON)  # before the token is read
    query = urlencode({"role_name": source.role_name, "account_id": source.account_id})

    pace = RequestPace(limits.SSO_RATE)  # the portal limits all programs of a user together

    def ask(token: Secret) -> sso_call.JsonReply:
        def send() -> sso_call.JsonReply:
            return sso_call.send(
                endpoint, "/federation/credentials", method="GET", query=query,
                headers={"x-amz-sso_bearer_token": token.reveal_text()}, deadline=context.deadline,
                untrusted=_UNTRUSTED_REASON, what=what,
            )  # fmt: skip

        return pace.call(send, deadline=context.deadline)

    own = context.access_tokens
    token = own.current(source) if own is not None else None
    reply = ask(token if token is not None else _token_of_cli(source, context))
    if reply.status == 401 and own is not None and token is not None:
        another = own.after(source, token)
        reply = reply if another is None else ask(another)
    newer = own.of_newer_sign_in(source) if own is not None and reply.status == 200 else None
    if (
        newer is not None
    ):  # a session of the last user must not be cached now: the new sign-in has deleted those
        reply = ask(newer)
    fields = _answer(reply, source, what=what).get("roleCredentials")
    if not isinstance(fields, dict):
        raise wrong_answer(what, "answered without credentials")
    return _checked(fields, source, now=context.deadline.clock.time(), what=what)


def _answer(reply: sso_call.JsonReply, source: Sso, *, what: str) -> dict[str, Any]:
    """The fields of a successful answer; otherwise raises an error."""
    if reply.status == 401:
        raise signed_out(source, "AWS no longer accepts the sign-in")
    if reply.status != 200:
        message = reply.fields.get("message")
        refused = errors.Refused(
            f"{what} gives no credentials for role {safe(source.role_name or '')} in account {safe(source.account_id or '')}: "
            f"it answered {reply.status}{f': {safe(message)}' if isinstance(message, str) else ''}",
            hint=_no_access_hint(source),
            code=safe(reply.error, limit=80) or str(reply.status),
        )
        refused.said = message if isinstance(message, str) else ""
        raise refused
    return reply.fields


def _no_access_hint(source: Sso) -> str:
    setup = command("setup --sso", source.session or source.profile)
    return f"check sso_account_id and sso_role_name; if you no longer have this role, remove its generated profile: {setup} --prune"


def _checked(fields: dict[str, Any], source: Sso, *, now: float, what: str) -> FetchedCredentials:
    milliseconds = fields.get("expiration")
    if (
        not isinstance(milliseconds, int | float)
        or isinstance(milliseconds, bool)
        or not 0 < milliseconds <= limits.MAX_MILLISECONDS
    ):
        raise wrong_answer(what, "answered without an expiry")
    named = {
        "AccessKeyId": fields.get("accessKeyId"),
        "SecretAccessKey": fields.get("secretAccessKey"),
        "SessionToken": fields.get("sessionToken"),
    }
    found = check_fields(named, what=what, now=now)
    expiration = int(milliseconds // 1000)
    if expiration <= now or found.credentials.token is None:
        raise wrong_answer(what, "answered with credentials that have expired or have no session token")
    account = source.account_id if is_account(source.account_id) else None
    return found._replace(expiration=expiration, account_id=account)


def _token_of_cli(source: Sso, context: ProviderContext) -> Secret:
    return cli_token(source, home=context.home, now=context.deadline.clock.time()).token


def cli_token(source: Sso, *, home: str, now: float) -> CliToken:
    """The access token of ``aws sso login``, still valid. Errors: NotSignedIn, ConfigError, UnsafeFile."""
    path = cli_token_path(source.session or source.start_url, home=home)
    raw = read_users_file(path, limit=limits.MAX_TOKEN_FILE)
    if raw is None:
        raise signed_out(source, "you are not signed in on this machine")
    fields = json_object(raw, what=f"{source.origin}: the AWS CLI's token {safe(path)}")
    token, expires = fields.get("accessToken"), fields.get("expiresAt")
    usable = (
        isinstance(token, str)
        and isinstance(expires, str)
        and 0 < len(token) <= limits.MAX_SESSION_TOKEN
        and token.isascii()
        and token.isprintable()
    )
    if not usable:
        raise signed_out(source, f"{safe(path)} has no valid token")
    ends = expiry(str(expires), what=f"{source.origin}: {safe(path)}")
    if ends <= now:
        raise signed_out(source, "the sign-in has expired")
    return CliToken(Secret(str(token)), ends, path)


def cli_token_path(name: str, *, home: str) -> str:
    """Where the AWS CLI keeps the token of a session or, without one, of a start URL."""
    from hashlib import sha1

    # The AWS CLI names the file by this hash; it is not used for security.
    digest = sha1(name.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
    return os.path.join(home, ".aws", "sso", "cache", f"{digest}.json")


def signed_out(source: Sso, why: str) -> errors.NotSignedIn:
    """The error for a source without a valid sign-in."""
    name = source.session or source.profile
    return errors.NotSignedIn(
        f"{source.origin}: profile {safe(source.profile)} uses IAM Identity Center, but {why}",
        hint=f"run: {command('sso login', name)}",
        sign_in=name,
    )
