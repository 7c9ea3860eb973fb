"""AWS's refusals as errors of ours: code and message in, Error out. Pure; imports no SDK."""

from __future__ import annotations

import re

from vault import errors, limits
from vault.text import safe

# Both spellings of each: the service model and the wire differ (aws.md D).
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException"})
THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "TooManyRequestsException",
     "RequestThrottled", "RequestThrottledException", "SlowDown", "PriorRequestNotComplete", "BandwidthLimitExceeded"}
)  # fmt: skip
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})

# Codes of ours, where AWS has one code for several causes. A caller compares ``error.code`` with these.
MFA_CODE = "InvalidMFACode"  # the code was wrong, or used before
MFA_SERIAL = "InvalidMFASerial"  # no such device on this user
MFA_MISSING = "MFARequired"  # serial without code, or the reverse
CLOCK = "ClockSkew"  # the request's time is too far from AWS's
REGION = "RegionDisabledException"
SCOPE = "CredentialScope"  # the signature names another region or service than the address's

# AWS says no more than AccessDenied, whichever of these it is; ``role_denied`` says which of them it can be.
ROLE_DENIED = (
    "the role's trust does not name this user, or wants MFA (mfa_serial) or another external_id; "
    "run: awsvault-py explain PROFILE"
)

_THROTTLED = "AWS limits how often this may be asked: wait a minute, then run the command again"
IN_BETWEEN = (
    "a proxy or web filter may have answered in AWS's place: check HTTPS_PROXY, HTTP_PROXY and NO_PROXY, and the endpoint: "
    "awsvault-py explain PROFILE"
)
_LATER = "wait a little, then run the command again; if it goes on, "
_FAILING = "the fault is on AWS's side: wait a little, then run the command again"
_HINTS = {
    "InvalidClientTokenId": "the key was deleted, is inactive, or is not of this partition; "
    "run: awsvault-py list, and look at the user's keys in the IAM console",
    "SignatureDoesNotMatch": "the secret stored does not belong to this key id; run: awsvault-py add --replace NAME",
    "ExpiredToken": "run: awsvault-py clear, then the command again",
    SCOPE: "the region and the address do not belong together; look at region, sts_regional_endpoints and endpoint_url: "
    "awsvault-py explain PROFILE",
    MFA_CODE: "check that the stored seed is this device's, and the machine's clock; run: awsvault-py mfa resync NAME",
    MFA_SERIAL: "correct mfa_serial: the ARN is shown beside the device in the IAM console; where it is set says: "
    "awsvault-py explain PROFILE",
    MFA_MISSING: "set mfa_serial, and store the seed: awsvault-py mfa add NAME",
    CLOCK: "set this machine's clock (for example: timedatectl set-ntp true), then run the command again",
    "LimitExceeded": "remove one that is no longer used, then run the command again",
}


def is_retryable(code: str, status: int) -> bool:
    """Whether the same request may well succeed a moment later: throttled, or AWS at fault."""
    return code in THROTTLED or status >= 500 or status == 429


def refusal(code: str, message: str, *, status: int, operation: str, subject: str = "") -> errors.Error:
    """The error for AWS's answer ``code``: ``message``. ``subject`` names the key, profile or role it was about."""
    about = f" for {safe(subject)}" if subject else ""
    said = f"{safe(code, limit=80)}: {safe(' '.join(message.split()))}" if message else safe(code, limit=80)
    if is_retryable(code, status):
        kind = "throttled" if code in THROTTLED else "failing"
        hint = _THROTTLED if kind == "throttled" else _FAILING
        return errors.Unreachable(
            f"AWS is {kind}: {operation}{about} was answered {said}", code=code, sent=True, hint=hint
        )
    known = _name(code, message)
    return errors.Refused(
        f"AWS refused {operation}{about}: {said}",
        code=known,
        hint=_HINTS.get(known) or _denied_hint(known, operation, message),
    )


def not_awss(host: str, status: int, body: bytes, *, reason: str, about: str = "") -> errors.Unreachable:
    """The error for an answer that is not AWS's, such as the page of a web filter. ``reason`` where it is no page.

    ``about`` begins the message: what was asked.
    """
    page = b"<html" in body[: limits.PAGE_START].lower()
    return errors.Unreachable(
        f"{f'{about}: ' if about else ''}{safe(host)} answered {status} with what is not AWS's: {'a web page' if page else reason}",
        code="WrongAnswer",
        sent=True,
        hint=f"{_LATER if status >= 500 else ''}{IN_BETWEEN}",
    )


def role_denied(*, asker: str, mfa: bool, by_role: bool, external_id: bool) -> str:
    """The hint for an AssumeRole that AWS denied without a reason: what it can be, by what was sent and by whom.

    ``asker`` is the role that asked, empty for a user; ``mfa`` whether its request carried MFA.
    """
    causes = [f"there is no such role, or its trust does not name {safe(asker) or 'this user'}"]
    if not mfa:
        lacks = "which a role's session does not carry" if by_role else "and no device is set (mfa_serial)"
        causes.append(f"it demands MFA, {lacks}")
    causes.append(
        "external_id is not the one it wants" if external_id else "it wants an external_id, and none is set"
    )
    return f"{'; or '.join(causes)}; run: awsvault-py explain PROFILE"


def region_off(region: str) -> str:
    """The hint where STS is not active in ``region`` for the account."""
    return (
        f"STS of {safe(region)} is not active in this account: an administrator can activate it (IAM console, account"
        " settings), or set another region for this profile; where it is set says: awsvault-py explain PROFILE"
    )


def _name(code: str, message: str) -> str:
    if code in EXPIRED:
        return "ExpiredToken"
    if code in DENIED:
        return _mfa(message) or "AccessDenied"
    if code in {"RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"} or (
        code in {"SignatureDoesNotMatch", "InvalidSignatureException"}
        and re.search(r"^Signature (expired|not yet)", message)
    ):
        return CLOCK
    if code == "SignatureDoesNotMatch" and "Credential should be scoped" in message:
        return SCOPE
    if code == "InvalidAuthenticationCode":
        return MFA_CODE
    return REGION if code == "RegionDisabled" else code


def _mfa(message: str) -> str | None:
    if not message.startswith("MultiFactorAuthentication failed"):
        return None
    if "one time pass code" in message and "invalid" in message:
        return MFA_CODE
    if "unable to validate" in message:
        return MFA_SERIAL
    return MFA_MISSING


def _denied_hint(code: str, operation: str, message: str) -> str | None:
    if "1 hour session limit" in message:
        return (
            "a role that a role assumes lasts an hour at most: ask for less by duration_seconds or --duration"
        )
    if "MaxSessionDuration" in message:
        return "ask for less: duration_seconds, --duration or role_duration; an administrator can raise the role's MaxSessionDuration"
    if code != "AccessDenied":
        return None
    if "explicit deny" in message:
        look = "; run: awsvault-py explain PROFILE" if operation == "AssumeRole" else ""
        return f"a policy denies {operation} on purpose: it may demand MFA (mfa_serial), a network, or a tag{look}"
    if operation == "AssumeRole":
        action = re.search(r"to perform: (sts:[A-Za-z]+)", message)
        if action is not None and action[1] != "sts:AssumeRole":
            return f"the role's trust, and the policies of who asks, must allow {action[1]} as well"
        if "no identity-based policy allows" in message:
            return "the policies of who asks allow no sts:AssumeRole of this role; ask the account's administrator"
        return ROLE_DENIED
    return f"the policies allow no {operation} here; ask the account's administrator"
