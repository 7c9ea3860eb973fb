"""The causes for which AWS refuses a link, each with the side that refuses, what was found, and what to change. Pure."""

from __future__ import annotations

from vault.inspect.explain_text import span
from vault.inspect.refused_call import SET_SOURCE_IDENTITY, TAG_SESSION
from vault.records import NamedTuple
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.inspect.refused_call import RefusedCall
    from vault.inspect.trust_policy import Condition

# The sides. docs/reference/json.md lists them.
CALLER, ROLE, PROFILE = "caller", "role", "profile"
ORGANIZATION, SESSION, ACCOUNT, UNKNOWN = "organization", "session", "account", "unknown"

IDENTITY_POLICY, TRUST_POLICY, MFA_MISSING, EXTERNAL_ID = (
    "identity-policy", "trust-policy", "mfa-missing", "external-id",
)  # fmt: skip
SESSION_NAME, SOURCE_IDENTITY, SESSION_TAGS, DURATION = (
    "session-name", "source-identity", "session-tags", "duration",
)  # fmt: skip
_BY_ACTION = {TAG_SESSION: SESSION_TAGS, SET_SOURCE_IDENTITY: SOURCE_IDENTITY}


class Cause(NamedTuple):
    """One cause. ``side`` is who refuses, ``found`` a sentence without its full stop, ``change`` what to do.

    ``statement``: one more statement in the role's trust policy is a way to let the call pass.
    """

    kind: str
    side: str
    found: str
    change: str
    statement: bool = False


# ── the caller's side ────────────────────────────────────────────────────────────────────────


def identity_policy(call: RefusedCall, action: str) -> Cause:
    """No policy of the caller allows the action."""
    return Cause(
        _BY_ACTION.get(action, IDENTITY_POLICY),
        CALLER,
        f"no policy of {_caller(call)} allows {action} on this role",
        f"ask an administrator of account {call.caller_account or 'of the caller'} to add the identity policy below to "
        + (f"the permission set of {safe(call.caller_text)}" if call.by_sso_role else safe(call.caller_text)),
    )


def identity_deny(call: RefusedCall, action: str, policies: tuple[str, ...] = ()) -> Cause:
    """A policy of the caller denies the action."""
    named = f" ({', '.join(map(safe, policies))})" if policies else ""
    return Cause(
        "identity-deny",
        CALLER,
        f"a policy of {_caller(call)} explicitly denies {action}{named}",
        "ask an administrator to change that policy: no other policy can allow what it denies",
    )


def boundary(call: RefusedCall, action: str) -> Cause:
    """The permissions boundary of the caller does not allow the action."""
    return Cause(
        "permissions-boundary",
        CALLER,
        f"the permissions boundary of {_caller(call)} does not allow {action}",
        "ask an administrator to change the permissions boundary: no other policy can allow what it does not",
    )


def session_policy(action: str) -> Cause:
    """The session that signed the call was narrowed by a session policy."""
    return Cause(
        "session-policy",
        SESSION,
        f"the session policy of the caller's session does not allow {action}",
        "get the caller's session without that policy: it was set by the program or the service that issued the session",
    )


def organization(action: str, kind: str = "service control policy") -> Cause:
    """A policy of the organization refuses, which no account can change."""
    return Cause(
        "organization-policy",
        ORGANIZATION,
        f"a {kind} of the organization does not allow {action}",
        "ask an administrator of the organization: no policy of an account can allow it",
    )


# ── the role's side ──────────────────────────────────────────────────────────────────────────


def trust_policy(call: RefusedCall, action: str, *, read: bool) -> Cause:
    """The trust policy does not name the caller for the action; ``read``: that was read, and the role exists."""
    kind = _BY_ACTION.get(action, TRUST_POLICY)
    what = f"trust policy does not allow {_caller(call)} to perform {action}"
    exists = read or kind != TRUST_POLICY
    found = f"the role's {what}" if exists else f"the role does not exist, or its {what}"
    what = (
        "add the trust policy statement below" if call.principal else "allow the caller in the trust policy"
    )
    return Cause(kind, ROLE, found, f"ask {_administrator(call)} to {what}", statement=True)


def trust_deny(call: RefusedCall) -> Cause:
    """The trust policy denies the call, by a statement without conditions."""
    return Cause(
        "trust-deny",
        ROLE,
        f"the role's trust policy explicitly denies the call of {_caller(call)}",
        f"ask {_administrator(call)} to change that statement: no other statement can allow what it denies",
    )


def role_missing(call: RefusedCall, *, other: str = "") -> Cause:
    """There is no such role. ``other`` is the ARN of the role with this name and another path."""
    found = f"account {call.role_account} has no role {safe(call.role_name)}"
    change = f"correct role_arn in profile {safe(call.profile)}"
    if other:
        found = f"role {safe(call.role_name)} of account {call.role_account} has another ARN: {safe(other)}"
        change = f"set role_arn = {safe(other)} in profile {safe(call.profile)}"
    return Cause("role-missing", ROLE, found, change)


def mfa_missing(
    call: RefusedCall, devices: tuple[str, ...] | None, *, side: str = ROLE, denied: bool = False
) -> Cause:
    """A policy requires MFA, and the call has none. ``denied``: by a Deny statement."""
    what = "the role's trust policy" if side == ROLE else f"a policy of {_caller(call)}"
    found = f"{what} requires MFA (aws:MultiFactorAuthPresent), and the call has none"
    if call.user is None:
        change = "assume the role with a key whose session has MFA: the session of a role never has it"
        if side == ROLE:
            change += f"; or ask {_administrator(call)} not to require MFA of this role"
        return Cause(MFA_MISSING, side, found, change, statement=side == ROLE and not denied)
    return Cause(MFA_MISSING, side, found, f"{_set_device(call, devices)}{_and_seed(call)}")


def external_id(call: RefusedCall, condition: Condition | None = None) -> Cause:
    """The trust policy wants an external ID that was not sent; ``condition`` if it was read."""
    where = f"in profile {safe(call.profile)}"
    if condition is not None and condition.demand == "absent":
        found = "the role's trust policy refuses calls with an external ID (sts:ExternalId)"
        return Cause(EXTERNAL_ID, ROLE, found, f"remove external_id {where}", statement=not condition.denies)
    if call.external_id is None:
        found = "the role's trust policy requires an external ID (sts:ExternalId), and the profile sets none"
    else:
        found = f"the role's trust policy requires an external ID other than {safe(call.external_id)!r}"
    wanted = _values(condition)
    if len(wanted) == 1:
        change = f"set external_id = {safe(wanted[0])} {where}"
    else:
        change = f"ask {_administrator(call)} for the external ID, and set external_id {where}"
    accepts = call.external_id is not None and bool(call.principal) and not _denies(condition)
    if accepts:
        change += (
            f"; or ask {_administrator(call)} to add the trust policy statement below, which accepts yours"
        )
    return Cause(EXTERNAL_ID, ROLE, found, change, statement=accepts)


def session_name(call: RefusedCall, condition: Condition | None = None) -> Cause:
    """The trust policy wants another role session name."""
    found = f"the role's trust policy requires a role session name (sts:RoleSessionName) other than {safe(call.session_name)!r}"
    where = f"in profile {safe(call.profile)}"
    if _wants_user_name(condition) and call.user is not None:
        change = f"set role_session_name = auto {where}: the name of the IAM user"
    elif wanted := _values(condition):
        change = f"set role_session_name = {' or '.join(map(safe, wanted))} {where}"
    elif condition is None or condition.demand != "is":
        change = (
            f"ask {_administrator(call)} for the session name, and set role_session_name {where} (auto: the name of the "
            "IAM user)"
        )
    else:
        change = (
            f"set role_session_name {where} to a name that matches {' or '.join(map(safe, condition.wanted))}"
        )
    return Cause(SESSION_NAME, ROLE, found, change, statement=not _denies(condition))


def source_identity(call: RefusedCall, condition: Condition | None = None) -> Cause:
    """The trust policy wants a source identity, another one, or none."""
    where = f"in profile {safe(call.profile)}"
    if condition is not None and condition.demand == "absent":
        found = "the role's trust policy refuses calls with a source identity (sts:SourceIdentity)"
        return Cause(
            SOURCE_IDENTITY,
            ROLE,
            found,
            f"remove awsvault_source_identity {where}",
            statement=not condition.denies,
        )
    held = (
        f"a source identity other than {safe(call.source_identity)!r}"
        if call.source_identity
        else "a source identity"
    )
    if _wants_user_name(condition):
        value = " = auto, the name of the IAM user,"
    elif wanted := _values(condition):
        value = f" = {' or '.join(map(safe, wanted))}"
    else:
        value = ""
    return Cause(
        SOURCE_IDENTITY,
        ROLE,
        f"the role's trust policy requires {held} (sts:SourceIdentity)",
        f"set awsvault_source_identity{value} {where}",
        statement=not _denies(condition),
    )


def trust_condition(call: RefusedCall, condition: Condition, *, known: bool) -> Cause:
    """Another condition of the trust policy is not met, or may not be."""
    text = f"{safe(condition.operator)} {safe(condition.key)} {', '.join(map(safe, condition.wanted))}"
    what, way = "has a condition that the call does not meet", "meet the condition"
    if condition.denies:
        what, way = "denies calls that meet a condition", "change what the condition is about"
    return Cause(
        "trust-condition",
        ROLE,
        f"the role's trust policy {what}: {text}",
        f"{way}, or ask {_administrator(call)} to change it"
        + ("" if known else ". awsvault-py cannot tell whether the call meets it"),
    )


def duration(call: RefusedCall, *, most: int | None) -> Cause:
    """The session would last longer than the role allows; ``most`` seconds if IAM told."""
    limit = f"{span(most)} (MaxSessionDuration)" if most is not None else "its MaxSessionDuration"
    place = f" at {call.duration_place}" if call.duration_place else f" in profile {safe(call.profile)}"
    shorter = f"set duration_seconds = {most}" if most is not None else "set a shorter duration_seconds"
    return Cause(
        DURATION,
        ROLE,
        f"the call asks for {span(call.duration)}, and the role allows {limit}",
        f"{shorter}{place}; or ask {_administrator(call)} to raise MaxSessionDuration",
    )


def duration_chained(call: RefusedCall) -> Cause:
    """A session that assumes a role gives one hour at most."""
    place = f" at {call.duration_place}" if call.duration_place else f" in profile {safe(call.profile)}"
    return Cause(
        DURATION,
        PROFILE,
        f"the call asks for {span(call.duration)}, and a role assumed with a session lasts one hour at most",
        f"set duration_seconds = 3600{place}",
    )


# ── the device, the region, and the rest ─────────────────────────────────────────────────────


def mfa_device(call: RefusedCall, devices: tuple[str, ...] | None) -> Cause:
    """AWS knows no such device of the calling user."""
    return Cause(
        "mfa-device",
        PROFILE,
        f"AWS has no MFA device {safe(call.serial or '')} for the user of the key",
        _set_device(call, devices),
    )


def mfa_code(call: RefusedCall) -> Cause:
    """The device is right, and the code is not."""
    return Cause(
        "mfa-code",
        PROFILE,
        f"AWS does not accept the code of {safe(call.serial or 'the device')}",
        "check this machine's clock, and that the seed belongs to this device; then run: "
        + command("mfa resync", call.entry or "NAME"),
    )


def region_off(call: RefusedCall) -> Cause:
    """STS is not active in the region for the caller's account."""
    return Cause(
        "region-off",
        ACCOUNT,
        f"STS is not active in {safe(call.region)} for account {call.caller_account or 'of the caller'}",
        "ask an administrator of the account to activate the region (IAM console, account settings), or set another region "
        f"in profile {safe(call.profile)}",
    )


def endpoint_policy(action: str) -> Cause:
    """The policy of a VPC endpoint refuses."""
    return Cause(
        "endpoint-policy",
        ACCOUNT,
        f"the policy of the VPC endpoint does not allow {action}",
        "ask the owner of the network to change the policy of its VPC endpoint for STS",
    )


def other(found: str, change: str) -> Cause:
    """A refusal that is about neither policy nor MFA."""
    return Cause("other", UNKNOWN, found, change)


# ── words ────────────────────────────────────────────────────────────────────────────────────


def _caller(call: RefusedCall) -> str:
    return safe(call.principal or call.caller) or "the caller"


def _denies(condition: Condition | None) -> bool:
    return condition is not None and condition.denies


def _values(condition: Condition | None) -> tuple[str, ...]:
    """The values that a condition accepts; none if it was not read, has patterns or variables, or refuses values."""
    if condition is None or condition.demand != "is":
        return ()
    return () if any(set(value) & set("*?$") for value in condition.wanted) else condition.wanted


def _wants_user_name(condition: Condition | None) -> bool:
    return condition is not None and condition.demand == "is" and condition.wanted == ("${aws:username}",)


def _administrator(call: RefusedCall) -> str:
    return f"an administrator of account {call.role_account}"


def _set_device(call: RefusedCall, devices: tuple[str, ...] | None) -> str:
    """Which device to set, and where. ``devices`` are the user's at AWS, None if unknown."""
    place = f" at {call.serial_place}" if call.serial_place else f" in profile {safe(call.profile)}"
    if devices is None:
        return f"set mfa_serial to the ARN of the user's device{place} (IAM console, security credentials of the user)"
    if not devices:
        return "the user has no MFA device at AWS; to enroll one, run: " + command(
            "mfa enroll", call.entry or "NAME"
        )
    return f"set mfa_serial = {' or '.join(map(safe, devices))}{place}"


def _and_seed(call: RefusedCall) -> str:
    return f"; to store its seed, run: {command('mfa add', call.entry)}" if call.entry else ""
