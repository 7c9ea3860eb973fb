"""AWS's refusals as errors: takes code and message, returns an Error. Pure; imports no SDK."""

from __future__ import annotations

from vault import errors, limits
from vault.text import safe

# Both spellings of each: the service model and the wire differ (aws.md D).
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException"})
THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "TooManyRequestsException",
     "RequestThrottled", "RequestThrottledException", "SlowDown", "PriorRequestNotComplete", "BandwidthLimitExceeded"}
)  # fmt: skip
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})

# Codes of awsvault-py, because AWS has one code for several causes. Callers compare ``error.code`` with these.
MFA_CODE = "InvalidMFACode"  # the code was wrong, or used before
MFA_SERIAL = "InvalidMFASerial"  # no such device on this user
MFA_MISSING = "MFARequired"  # serial without code, or the reverse
CLOCK = "ClockSkew"  # the request's time is too far from AWS's
REGION = "RegionDisabledException"
SCOPE = "CredentialScope"  # the signature is for another region or service than the endpoint

# AWS says only AccessDenied for each of these causes; ``role_denied`` narrows them down.
ROLE_DENIED = (
    "the role's trust policy does not allow this user, or it requires MFA (mfa_serial) or another external_id; "
    "to find out which, run: awsvault-py explain --live PROFILE"
)

THROTTLED_HINT = "AWS limits the rate of this call: wait a minute, then run the command again"
INTERCEPTED = (
    "a proxy or web filter may have answered instead of AWS: check HTTPS_PROXY, HTTP_PROXY, NO_PROXY and the endpoint; "
    "run: awsvault-py explain PROFILE"
)
_LATER = "wait a moment, then run the command again; if the error stays, "
FAILING_HINT = "the problem is on AWS's side: wait a moment, then run the command again"
_HINTS = {
    "InvalidClientTokenId": "the key was deleted, is inactive, or belongs to another partition; "
    "run: awsvault-py list, and check the user's keys in the IAM console",
    "SignatureDoesNotMatch": "the stored secret does not belong to this access key ID; run: awsvault-py add --replace NAME",
    "ExpiredToken": "run: awsvault-py clear, then run the command again",
    SCOPE: "the region and the endpoint do not match: check region, sts_regional_endpoints and endpoint_url; "
    "run: awsvault-py explain PROFILE",
    MFA_CODE: "check that the stored seed belongs to this device, and this machine's clock; run: awsvault-py mfa resync NAME",
    MFA_SERIAL: "correct mfa_serial: the IAM console shows the ARN of the device; to see where mfa_serial is set, "
    "run: awsvault-py explain PROFILE",
    MFA_MISSING: "set mfa_serial, and store the seed; run: awsvault-py mfa add NAME",
    CLOCK: "set this machine's clock (for example with timedatectl set-ntp true), then run the command again",
    "LimitExceeded": "delete one that you no longer use, then run the command again",
}


def is_retryable(code: str, status: int) -> bool:
    """Whether the same request may succeed a moment later: throttled, or a problem of AWS."""
    return code in THROTTLED or status >= 500 or status == 429


def refusal(code: str, message: str, *, status: int, operation: str, subject: str = "") -> errors.Error:
    """The error for AWS's answer ``code``: ``message``. ``subject`` names the key, profile or role that the call was about."""
    about = f" for {safe(subject)}" if subject else ""
    answer = f"{safe(code, limit=80)}: {safe(' '.join(message.split()))}" if message else safe(code, limit=80)
    if is_retryable(code, status):
        throttled = code in THROTTLED
        return errors.Unreachable(
            f"AWS {'throttled' if throttled else 'could not complete'} {operation}{about}: {answer}",
            code=code,
            sent=True,
            hint=THROTTLED_HINT if throttled else FAILING_HINT,
        )
    known = _known_code(code, message)
    error = errors.Refused(
        f"AWS refused {operation}{about}: {answer}",
        code=known,
        hint=_HINTS.get(known) or _denied_hint(known, operation, message),
    )
    error.said = message
    return error


def not_from_aws(host: str, status: int, body: bytes, *, reason: str, about: str = "") -> errors.Unreachable:
    """The error for an answer that is not from AWS, such as the page of a web filter.

    ``reason`` says what it is if it is not a web page. ``about`` begins the message: what was asked.
    """
    page = b"<html" in body[: limits.PAGE_START].lower()
    return errors.Unreachable(
        f"{f'{about}: ' if about else ''}{safe(host)} answered {status}, but not as AWS does: {'a web page' if page else reason}",
        code="WrongAnswer",
        sent=True,
        hint=f"{_LATER if status >= 500 else ''}{INTERCEPTED}",
    )


def role_denied(*, asker: str, mfa: bool, by_role: bool, external_id: bool) -> str:
    """The hint for an AssumeRole that AWS denied without a reason: the possible causes, given what was sent and by whom.

    ``asker`` is the role that called, empty for a user. ``mfa``: the call had MFA. ``by_role``: a role called.
    """
    causes = [f"the role does not exist, or its trust policy does not allow {safe(asker) or 'this user'}"]
    if not mfa:
        lacks = "which a role session does not have" if by_role else "and no device is set (mfa_serial)"
        causes.append(f"it requires MFA, {lacks}")
    causes.append(
        "it requires another external_id" if external_id else "it requires an external_id, and none is set"
    )
    return f"{'; or '.join(causes)}; to find out which, run: awsvault-py explain --live PROFILE"


def region_off(region: str) -> str:
    """The hint if STS is not active in ``region`` for the account."""
    return (
        f"STS is not active in {safe(region)} for this account: ask an administrator to activate it (IAM console, account"
        " settings), or set another region for the profile; to see where it is set, run: awsvault-py explain PROFILE"
    )


def _known_code(code: str, message: str) -> str:
    if code in EXPIRED:
        return "ExpiredToken"
    if code in DENIED:
        return _mfa_code(message) or "AccessDenied"
    if code in {"RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"} or (
        code in {"SignatureDoesNotMatch", "InvalidSignatureException"}
        and message.startswith(("Signature expired", "Signature not yet"))
    ):
        return CLOCK
    if code == "SignatureDoesNotMatch" and "Credential should be scoped" in message:
        return SCOPE
    if code == "InvalidAuthenticationCode":
        return MFA_CODE
    return REGION if code == "RegionDisabled" else code


def _too_large(message: str) -> str:
    """AWS packs the policies and tags of a session and counts that, so that only its percentage says by how much."""
    import re  # 4 ms, and only this refusal needs it

    found = re.search(r"([0-9]{1,6}(?:\.[0-9]+)?)\s?%", message)
    by = f"by more than {100 - 10000 / float(found[1]):.0f}% " if found and float(found[1]) > 100 else ""
    return (
        f"shorten the policy {by}or send fewer session tags: AWS packs both into one space; or create a managed policy in the "
        "account and use its ARN (--policy-arn, awsvault_policy_arns)"
    )


def _mfa_code(message: str) -> str | None:
    if not message.startswith("MultiFactorAuthentication failed"):
        return None
    if "one time pass code" in message and "invalid" in message:
        return MFA_CODE
    if "unable to validate" in message:
        return MFA_SERIAL
    return MFA_MISSING


def _denied_hint(code: str, operation: str, message: str) -> str | None:
    if "1 hour session limit" in message:
        return "a role assumed by a role lasts at most one hour: set a shorter duration_seconds or --duration"
    if code == "PackedPolicyTooLarge":
        return _too_large(message)
    if "MaxSessionDuration" in message:
        return "set a shorter duration_seconds, --duration or role_duration; an administrator can raise the role's MaxSessionDuration"
    if code != "AccessDenied":
        return None
    if "explicit deny" in message:
        look = "; to find out, run: awsvault-py explain --live PROFILE" if operation == "AssumeRole" else ""
        return f"a policy explicitly denies {operation}: it may require MFA (mfa_serial), a network or a tag{look}"
    if operation == "AssumeRole":
        import re

        action = re.search(r"to perform: (sts:[A-Za-z]+)", message)
        if action is not None and action[1] != "sts:AssumeRole":
            return f"the role's trust policy and the caller's policies must also allow {action[1]}"
        if "no identity-based policy allows" in message:
            return "the caller's policies do not allow sts:AssumeRole for this role; ask the account's administrator"
        return ROLE_DENIED
    return f"the caller's policies do not allow {operation}; ask the account's administrator"
