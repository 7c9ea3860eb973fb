"""Credentials of a source that is no vault key, fetched: a process, a token, a portal, an instance, a container.

Every fetch is bounded in time by the deadline and in size by a constant, and what comes back is checked before it is
believed. Reads no configuration; a long-lived key stays one, without an expiry.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from vault import errors, limits
from vault.aws.credentials import Credentials
from vault.profiles.chain import Login, NamedSource, Process, Sso, WebIdentity
from vault.profiles.credential_variables import session_token_in
from vault.profiles.values import is_account
from vault.secret import Secret
from vault.system import timestamps
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from vault.aws.credentials import Session
    from vault.profiles.aws_files import Origin, Setting
    from vault.profiles.chain import Source
    from vault.system.clock import Deadline

DEPTH = "AWSVAULT_DEPTH"  # how many of us are above this process: a wrapper may hide that a command is ours


class Fetched(NamedTuple):
    """What a source gave. ``expiration`` and ``issued`` are Unix seconds; None: a key that does not expire."""

    credentials: Credentials
    expiration: int | None
    account_id: str | None
    issued: int


class SourceEnvironment(NamedTuple):
    """What a fetch may use: the environment, the one a child may have, the home folder, the deadline, plain-http hosts,
    the selected profile's ca_bundle, and the hosts beside AWS's own that may get a bearer token.
    """

    env: Mapping[str, str]
    child_env: Mapping[str, str]
    home: str
    deadline: Deadline
    allow_http: Collection[str]
    session_name: str
    bundle: Setting | None = None
    trusted_hosts: Collection[str] = ()


def fetch(source: Source, around: SourceEnvironment) -> Fetched:
    """Credentials of ``source``. Errors: ConfigError, Refused, Unreachable; never with a secret in their text."""
    match source:
        case Process():
            return _process(source, around)
        case WebIdentity():
            return _of_session(_web_identity(source, around))
        case Sso():
            from vault.aws import portal

            return portal.role_credentials(source, around)
        case Login():
            from vault.aws import portal

            return portal.login_credentials(source, around)
        case NamedSource():
            return _named(source, around)
        case _:
            raise errors.Internal("a key is no source that is fetched")


def _of_session(session: Session) -> Fetched:
    return Fetched(session.credentials, session.expiration, session.account_id, session.issued)


def _process(source: Process, around: SourceEnvironment) -> Fetched:
    text = run(source.command, key="credential_process", origin=source.origin, around=around)
    fields = document(text, what=f"{source.origin}: the credential_process")
    what = f"{source.origin}: the answer of the credential_process"
    if fields.get("Version") != 1:
        raise errors.ConfigError(f"{what} has no Version 1")
    found = checked(fields, what=what, token="SessionToken", now=around.deadline.clock.time())  # noqa: S106  # a field
    account = found.account_id or source.account_id
    return found._replace(account_id=account if is_account(account) else None)


def run(command: str, *, key: str, origin: Origin, around: SourceEnvironment) -> bytes:
    """What a command of AWS's files writes to stdout: split as a shell would, run without one. ConfigError."""
    from vault.profiles.command_words import Unbalanced, split
    from vault.system.programs import ProgramFailed, output

    depth = around.env.get(DEPTH, "")
    level = int(depth) if depth.isascii() and depth.isdigit() and len(depth) <= 2 else 0
    if level >= limits.MAX_DEPTH:
        raise errors.ConfigError(
            f"{origin}: {key} ends up at awsvault-py itself again and again",
            hint="write the command as awsvault-py export PROFILE, so that it is seen as ours",
        )
    try:
        words = split(command)
    except Unbalanced as error:
        raise errors.ConfigError(f"{origin}: {key} cannot be split: {error}") from None
    env = {**around.child_env, DEPTH: str(level + 1)}
    try:
        return output(words, env=env, limit=limits.MAX_PROCESS_OUTPUT, deadline=around.deadline)
    except ProgramFailed as failed:
        raise errors.ConfigError(f"{origin}: {key}: {failed.message}", hint=failed.hint) from None


def _web_identity(source: WebIdentity, around: SourceEnvironment) -> Session:
    from vault.aws import sts
    from vault.aws.client import ServiceEndpoint

    endpoint = ServiceEndpoint(
        source.endpoint.address,
        source.endpoint.region,
        around.allow_http,
        place=str(source.endpoint.url_origin or ""),
        bundle=around.bundle,
        trusted_hosts=around.trusted_hosts,
    )
    endpoint.trusted(sts.GETS)  # before the token is read, or a command is run for it
    if source.token_file is not None:
        raw = users_file(source.token_file, origin=source.origin, what="web_identity_token_file")
    else:
        raw = run(
            source.token_process or "", key="web_identity_token_process", origin=source.origin, around=around
        )
    token = raw.strip()
    if (
        not token
        or len(token) > limits.MAX_WEB_TOKEN
        or not token.isascii()
        or not token.decode().isprintable()
    ):
        raise errors.ConfigError(
            f"{source.origin}: what should be a web identity token is empty, too long, or no token"
        )
    return sts.assume_role_with_web_identity(
        Secret(token),
        role_arn=source.role_arn,
        session_name=source.role_session_name or around.session_name,
        duration=source.duration_seconds,
        endpoint=endpoint,
        deadline=around.deadline,
        subject=f"role {source.role_arn}, asked with a web identity token",
    )


def users_file(path: str, *, origin: Origin, what: str) -> bytes:
    """A file of the user's that a profile names. ConfigError where it is not there or cannot be trusted."""
    from vault.system.user_files import read_users_file

    found = read_users_file(path, limit=limits.MAX_TOKEN_FILE)
    if found is None:
        raise errors.ConfigError(f"{origin}: {what} names {safe(path)}, which is not there")
    return found


def _named(source: NamedSource, around: SourceEnvironment) -> Fetched:
    from vault.aws import metadata

    match source.name:
        case "Environment":
            return _environment(source, around)
        case "Ec2InstanceMetadata":
            return metadata.of_instance(source, around)
        case _:
            return metadata.of_container(source, around)


def _environment(source: NamedSource, around: SourceEnvironment) -> Fetched:
    fields = {
        "AccessKeyId": around.env.get("AWS_ACCESS_KEY_ID"),
        "SecretAccessKey": around.env.get("AWS_SECRET_ACCESS_KEY"),
        "AccountId": around.env.get("AWS_ACCOUNT_ID"),
        "Expiration": around.env.get("AWS_CREDENTIAL_EXPIRATION"),
        "SessionToken": session_token_in(around.env),
    }
    present = {name: value for name, value in fields.items() if value}
    for name, variable in (
        ("AccessKeyId", "AWS_ACCESS_KEY_ID"),
        ("SecretAccessKey", "AWS_SECRET_ACCESS_KEY"),
    ):
        if name not in present:
            raise errors.ConfigError(
                f"{source.origin}: credential_source is Environment, and {variable} is not set",
                hint="the variable must be set where this command runs",
            )
    now = around.deadline.clock.time()
    return checked(present, what=f"{source.origin}: the environment", token="SessionToken", now=now)  # noqa: S106  # a field


def document(raw: bytes, *, what: str) -> dict[str, Any]:
    """The JSON object in ``raw``. ConfigError that shows nothing of it."""
    import json

    try:
        found = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise errors.ConfigError(f"{what} gave no JSON object")
    return found


def checked(fields: dict[str, Any], *, what: str, token: str, now: float) -> Fetched:
    """The credentials in ``fields``, each of a shape that can be sent on. ConfigError names the field, not its value.

    ``token`` is the name of the session token's field.
    """
    key = _text(fields, "AccessKeyId", limits.MAX_ACCESS_KEY_ID, what)
    secret = _text(fields, "SecretAccessKey", limits.MAX_SECRET_KEY, what)
    session = _text(fields, token, limits.MAX_SESSION_TOKEN, what, optional=True)
    expires = _text(fields, "Expiration", limits.MAX_TIME_TEXT, what, optional=True, blanks=True)
    expiration = moment(expires, what=what) if expires is not None else None
    if expiration is not None and expiration <= now:
        raise errors.ConfigError(
            f"{what} gave credentials that have expired already",
            hint="check the clock, and what that program keeps",
        )
    account = fields.get("AccountId")
    return Fetched(
        Credentials(key or "", Secret(secret or ""), Secret(session) if session is not None else None),
        expiration,
        str(account) if is_account(account) else None,
        int(now),
    )


def _text(
    fields: dict[str, Any], name: str, most: int, what: str, *, optional: bool = False, blanks: bool = False
) -> str | None:
    value = fields.get(name)
    if optional and (value is None or value == ""):
        return None
    text = value if isinstance(value, str) else ""
    text = text.strip() if blanks else text
    if not (0 < len(text) <= most and text.isascii() and text.isprintable()) or (" " in text and not blanks):
        raise errors.ConfigError(f"{what} has no usable {name}")
    return text


def moment(text: str, *, what: str) -> int:
    """Unix seconds of a time with a zone, as SDKs take them. ConfigError."""
    found = timestamps.unix(text)
    if found is None:
        raise errors.ConfigError(f"{what} has an Expiration that is no time with a zone")
    return found
