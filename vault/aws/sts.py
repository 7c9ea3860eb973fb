"""STS's calls, typed: the identity of a key, an MFA session, a role. Each answer is checked before it is trusted.

No cache, no vault, no profile. A call with an MFA code is sent once.
"""

from __future__ import annotations

from vault import errors, limits
from vault.aws.credentials import Credentials, Identity, Session
from vault.aws.sts_client import StsClient
from vault.secret import Secret
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from vault.aws.service_call import Answer
    from vault.aws.service_endpoint import ServiceEndpoint
    from vault.system.clock import Deadline

UNTRUSTED_REASON = "it would receive the web identity token"  # a reason in a message
_MAX_ARN = 2048  # the longest of STS's service model


def get_caller_identity(
    credentials: Credentials, *, endpoint: ServiceEndpoint, deadline: Deadline, subject: str = ""
) -> Identity:
    """The identity that ``credentials`` belong to. AWS allows this to every key, whatever its policies. Errors:
    Refused, Unreachable.
    """
    client = StsClient(credentials=credentials, endpoint=endpoint, deadline=deadline, subject=subject)
    fields = client.call("GetCallerIdentity").fields
    account, arn, user_id = (
        _text(fields, name, "GetCallerIdentity", _MAX_ARN) for name in ("Account", "Arn", "UserId")
    )
    if len(account) != 12 or not account.isdigit():
        raise _wrong("GetCallerIdentity", f"{safe(account)} is not an account ID")
    return Identity(account, arn, user_id)


def get_session_token(
    credentials: Credentials,
    *,
    duration: int,
    serial: str | None = None,
    code: str | None = None,
    endpoint: ServiceEndpoint,
    deadline: Deadline,
    subject: str = "",
) -> Session:
    """A session of the key itself for ``duration`` seconds (900 to 129,600), with MFA if ``serial`` and ``code`` are given."""
    parameters: dict[str, Any] = {"DurationSeconds": duration}
    _put_mfa(parameters, serial, code)
    client = StsClient(credentials=credentials, endpoint=endpoint, deadline=deadline, subject=subject)
    answer = client.call("GetSessionToken", once=code is not None, **parameters)
    return _session("GetSessionToken", answer, asked=duration, now=deadline.clock.time())


def get_federation_token(
    credentials: Credentials,
    *,
    name: str,
    duration: int,
    policy: str | None,
    policy_arns: Sequence[str] = (),
    endpoint: ServiceEndpoint,
    deadline: Deadline,
    subject: str = "",
) -> Session:
    """A session of an IAM user that may do what the user and a policy both allow. It never has MFA.

    ``credentials`` are the user's long-lived key, ``duration`` is seconds (900 to 129,600; AWS cuts root's to one hour).
    """
    parameters: dict[str, Any] = {"Name": name, "DurationSeconds": duration}
    if policy is not None:
        parameters["Policy"] = policy
    if policy_arns:
        parameters["PolicyArns"] = [{"arn": arn} for arn in policy_arns]
    client = StsClient(credentials=credentials, endpoint=endpoint, deadline=deadline, subject=subject)
    return _session(
        "GetFederationToken",
        client.call("GetFederationToken", **parameters),
        asked=duration,
        now=deadline.clock.time(),
    )


def assume_role(
    credentials: Credentials,
    *,
    role_arn: str,
    session_name: str,
    duration: int | None = None,
    external_id: str | None = None,
    serial: str | None = None,
    code: str | None = None,
    source_identity: str | None = None,
    tags: Mapping[str, str] | None = None,
    transitive_keys: Sequence[str] = (),
    policy: str | None = None,
    policy_arns: Sequence[str] = (),
    endpoint: ServiceEndpoint,
    deadline: Deadline,
    subject: str = "",
) -> Session:
    """A session of ``role_arn``. Without ``duration``, AWS's default is one hour. Errors: Refused, Unreachable."""
    parameters: dict[str, Any] = {"RoleArn": role_arn, "RoleSessionName": session_name}
    optional = {
        "DurationSeconds": duration,
        "ExternalId": external_id,
        "SourceIdentity": source_identity,
        "Tags": [{"Key": key, "Value": value} for key, value in (tags or {}).items()] or None,
        "TransitiveTagKeys": list(transitive_keys) or None,
        "Policy": policy,
        "PolicyArns": [{"arn": arn} for arn in policy_arns] or None,
    }
    parameters.update({name: value for name, value in optional.items() if value is not None})
    _put_mfa(parameters, serial, code)
    client = StsClient(
        credentials=credentials, endpoint=endpoint, deadline=deadline, subject=subject or role_arn
    )
    answer = client.call("AssumeRole", once=code is not None, **parameters)
    return _role_session("AssumeRole", answer, role_arn, duration, now=deadline.clock.time())


def assume_role_with_web_identity(
    token: Secret,
    *,
    role_arn: str,
    session_name: str,
    duration: int | None = None,
    endpoint: ServiceEndpoint,
    deadline: Deadline,
    subject: str = "",
) -> Session:
    """A session of ``role_arn`` for a web identity token; not signed. Errors: Refused, Unreachable, Untrusted."""
    endpoint.trusted(UNTRUSTED_REASON)
    parameters: dict[str, Any] = {
        "RoleArn": role_arn,
        "RoleSessionName": session_name,
        "WebIdentityToken": token.reveal_text(),
    }
    if duration is not None:
        parameters["DurationSeconds"] = duration
    operation = "AssumeRoleWithWebIdentity"
    client = StsClient(credentials=None, endpoint=endpoint, deadline=deadline, subject=subject or role_arn)
    answer = client.call(operation, **parameters)
    return _role_session(operation, answer, role_arn, duration, now=deadline.clock.time())


def _put_mfa(parameters: dict[str, Any], serial: str | None, code: str | None) -> None:
    if (serial is None) != (code is None):
        raise errors.Internal("an MFA serial without a code, or a code without its serial")
    if serial is not None:
        parameters.update(SerialNumber=serial, TokenCode=code)


def _role_session(
    operation: str, answer: Answer, role_arn: str, duration: int | None, *, now: float
) -> Session:
    """The session in ``answer``, if it is for the requested role."""
    session = _session(operation, answer, asked=duration or limits.ROLE_DURATION, now=now)
    arn = _text(answer.fields.get("AssumedRoleUser") or {}, "Arn", operation, _MAX_ARN)
    return session._replace(account_id=_account_of_role(operation, asked=role_arn, answered=arn))


def _session(operation: str, answer: Answer, *, asked: int, now: float) -> Session:
    found = answer.fields.get("Credentials") or {}
    key = _text(found, "AccessKeyId", operation, limits.MAX_ACCESS_KEY_ID)
    secret = _text(found, "SecretAccessKey", operation, limits.MAX_SECRET_KEY)
    token = _text(found, "SessionToken", operation, limits.MAX_SESSION_TOKEN)
    expiration = answer_time(_text(found, "Expiration", operation, limits.MAX_TIME_TEXT, blanks=True))
    if expiration is None:
        raise _wrong(operation, "no expiry")
    issued = answer.date if answer.date is not None else int(now)
    if not issued < expiration <= issued + asked + limits.EXPIRY_SLACK:
        raise _wrong(
            operation, f"it expires {expiration - issued} s after its Date, but {asked} s were requested"
        )
    return Session(Credentials(key, Secret(secret), Secret(token)), expiration, None, issued)


def answer_time(text: str) -> int | None:
    """Unix seconds of a time in an answer: ``2026-05-01T12:00:00Z`` from AWS, other forms from emulators of AWS; None for anything else."""
    whole, _, fraction = text.partition(".")
    if whole.isdigit() and (fraction or "0").isdigit() and len(whole) <= limits.UNIX_DIGITS:
        return int(whole)
    from vault.system import timestamps

    return timestamps.unix(text)


def _text(fields: Any, name: str, operation: str, most: int, *, blanks: bool = False) -> str:
    value = fields.get(name) if isinstance(fields, dict) else None
    text = value if isinstance(value, str) else ""
    printable = text.isascii() and text.isprintable() and bool(text.strip(" "))
    if not 0 < len(text) <= most or not printable or (" " in text and not blanks):
        # The value is not shown: it may be a secret, or control characters.
        raise _wrong(operation, f"no valid {name}")
    return text


def _account_of_role(operation: str, *, asked: str, answered: str) -> str:
    """The account of ``answered`` (arn:P:sts::ACCOUNT:assumed-role/NAME/SESSION) if it is the role that was ``asked`` for."""
    wanted, found = asked.split(":", 5), answered.split(":", 5)
    name = wanted[-1].rpartition("/")[2]
    same = (
        len(wanted) == len(found) == 6
        and found[1] == wanted[1]
        and found[4] == wanted[4]
        and found[5].startswith(f"assumed-role/{name}/")
    )
    if not same:
        raise _wrong(operation, f"it is for {safe(answered)}, not for {safe(asked)}")
    return found[4]


def _wrong(operation: str, what: str) -> errors.Unreachable:
    from vault.aws import service_errors

    return errors.Unreachable(
        f"the answer to {operation} cannot be from AWS: {what}",
        hint=service_errors.INTERCEPTED,
        code="WrongAnswer",
        sent=True,
    )
