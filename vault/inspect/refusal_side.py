"""Finds out which side refused a call to STS, from AWS's words and from what IAM says about both sides. Pure.

What is known is a fact; what is left without it are candidates, and never called more than that.
"""

from __future__ import annotations

import re

from vault.aws import service_errors
from vault.aws.iam_reads import ALLOWED
from vault.inspect import refusal_causes as causes
from vault.inspect.refused_call import ASSUME_ROLE, EXTERNAL_ID_KEY, SESSION_NAME_KEY, SOURCE_IDENTITY_KEY
from vault.inspect.trust_policy import read
from vault.records import NamedTuple
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.iam_reads import RoleDetails, Simulation
    from vault.inspect.refusal_causes import Cause
    from vault.inspect.refused_call import RefusedCall
    from vault.inspect.trust_policy import Condition

# AWS's words for the kind of policy that refuses. It does not give them for every call.
_REASON = re.compile(
    r"(?P<explicit>with an explicit deny in|because no) (?:an? |the )?"
    r"(?P<kind>service control|resource control|session|identity-based|resource-based|role trust|permissions boundar|VPC endpoint)"
)
_ACTION = re.compile(r"to perform: (sts:[A-Za-z]+)")
# A policy that allows more does not help against these.
_NO_POLICY_HELPS = frozenset(
    {"identity-deny", "trust-deny", "trust-condition", "organization-policy", "permissions-boundary", "session-policy",
     "role-missing", "endpoint-policy", "region-off", "duration", "mfa-device", "mfa-code", "other"}
)  # fmt: skip
_KEYS_OF_A_CALL = (EXTERNAL_ID_KEY.lower(), SESSION_NAME_KEY.lower(), SOURCE_IDENTITY_KEY.lower())
_CALLER_POLICY = frozenset({causes.IDENTITY_POLICY, causes.SESSION_TAGS, causes.SOURCE_IDENTITY})


class Evidence(NamedTuple):
    """AWS's refusal, and what IAM says. ``simulated`` and ``role`` are None if they were not read.

    ``with_mfa`` is the simulation as if the call had MFA. ``role_gone``: IAM says that there is no such role. ``devices``
    are the user's MFA devices. ``unread`` says what could not be read, and why.
    """

    code: str
    said: str
    hint: str = ""
    simulated: tuple[Simulation, ...] | None = None
    with_mfa: tuple[Simulation, ...] | None = None
    role: RoleDetails | None = None
    role_gone: bool = False
    devices: tuple[str, ...] | None = None
    unread: tuple[str, ...] = ()


class Diagnosis(NamedTuple):
    """Why a link was refused. ``certain``: all ``causes`` hold; otherwise it is one of them, or more.

    ``allowed_by_caller``: IAM says that the caller's policies allow the call, so that the role's side refuses.
    ``caller_policy`` and ``trust_statement``: whether one more identity policy for the caller, or one more statement of the
    trust policy, is needed or may be.
    """

    certain: bool
    causes: tuple[Cause, ...]
    caller_policy: bool = False
    trust_statement: bool = False
    allowed_by_caller: bool = False

    @property
    def side(self) -> str | None:
        """The side that refuses; None if several do, or if that is not known."""
        sides = {cause.side for cause in self.causes}
        return sides.pop() if len(sides) == 1 else None


class Reads(NamedTuple):
    """Which calls to IAM help with a refusal. ``elsewhere``: GetRole would, but the role is in another account."""

    simulate: bool = False
    role: bool = False
    devices: bool = False
    elsewhere: bool = False


def reads(call: RefusedCall, code: str, said: str) -> Reads:
    """What to ask IAM about this refusal."""
    if code == service_errors.MFA_SERIAL:
        return Reads(devices=True)
    if not call.role_arn:
        return Reads()
    if "MaxSessionDuration" in said:
        return Reads(role=call.same_account)
    if code not in service_errors.DENIED:
        return Reads()
    kind, explicit = _reason(said)
    if kind in ("service control", "resource control", "session", "permissions boundar", "VPC endpoint"):
        return Reads()
    by_caller = kind == "identity-based"
    lacks_mfa = call.user is not None and not call.mfa
    return Reads(
        simulate=not by_caller or (explicit and not call.mfa),
        role=call.same_account,
        devices=lacks_mfa,
        elsewhere=not call.same_account and not explicit,
    )


def diagnose(call: RefusedCall, evidence: Evidence) -> Diagnosis:
    """Which side refused ``call``, and what to change."""
    found = _by_code(call, evidence)
    if found is not None:
        return Diagnosis(certain=True, causes=(found,))
    action = _action(evidence.said)
    kind, explicit = _reason(evidence.said)
    found = _by_words(call, kind, action)
    if found is not None:
        return Diagnosis(certain=True, causes=(found,))
    if not call.role_arn:
        other = causes.other(_sentence(evidence), evidence.hint)
        deny = causes.identity_deny(call, action) if kind == "identity-based" else other
        return Diagnosis(certain=True, causes=(deny,))
    by_caller = _caller_side(call, evidence, action, said=kind == "identity-based", explicit=explicit)
    by_role = _role_side(
        call, evidence, action, explicit=explicit and kind in ("role trust", "resource-based")
    )
    if kind in ("role trust", "resource-based") and not by_caller.facts:
        by_caller = _Side((), (), known=True)
    if by_caller.candidates and by_caller.known:  # AWS names this side, and only the cause on it is open
        by_role = _Side((), (), known=True)
    if by_role.directly:
        left = tuple(each for each in by_caller.facts if each.kind not in _CALLER_POLICY)
        open_still = by_caller.candidates if by_caller.known else ()
        by_caller = _Side(left, open_still, known=True)
    if any(each.kind == "role-missing" for each in by_role.facts):
        by_caller = _Side((), (), known=True)  # nobody needs a policy for a role that does not exist
    return _joined(by_caller, by_role, evidence)


# ── AWS's own words ──────────────────────────────────────────────────────────────────────────


def _by_code(call: RefusedCall, evidence: Evidence) -> Cause | None:
    code, said = evidence.code, evidence.said
    if code == service_errors.REGION:
        return causes.region_off(call)
    if code == service_errors.MFA_SERIAL:
        return causes.mfa_device(call, evidence.devices)
    if code == service_errors.MFA_CODE:
        return causes.mfa_code(call)
    if "1 hour session limit" in said:
        return causes.duration_chained(call)
    if "MaxSessionDuration" in said:
        return causes.duration(call, most=evidence.role.max_session if evidence.role is not None else None)
    if code not in service_errors.DENIED or _ACTION.search(said) is None:
        return causes.other(_sentence(evidence), evidence.hint)
    return None


def _by_words(call: RefusedCall, kind: str, action: str) -> Cause | None:
    """The cause if AWS's words name a kind of policy that one more statement elsewhere cannot help against."""
    match kind:
        case "service control" | "resource control":
            return causes.organization(action, f"{kind} policy")
        case "session":
            return causes.session_policy(action)
        case "permissions boundar":
            return causes.boundary(call, action)
        case "VPC endpoint":
            return causes.endpoint_policy(action)
        case _:
            return None


def _reason(said: str) -> tuple[str, bool]:
    """The kind of policy that AWS names, empty if none, and whether it denies explicitly."""
    found = _REASON.search(" ".join(said.split()))
    return (found["kind"], found["explicit"].startswith("with")) if found is not None else ("", False)


def _action(said: str) -> str:
    found = _ACTION.search(said)
    return found[1] if found is not None else ASSUME_ROLE


def _sentence(evidence: Evidence) -> str:
    said = " ".join(evidence.said.split()).rstrip(".")
    return f"AWS answers {safe(evidence.code, limit=80)}{f': {said}' if said else ''}"


# ── the two sides ────────────────────────────────────────────────────────────────────────────


class _Side(NamedTuple):
    """What is known about one side: causes that are facts, causes that may be, and whether it is known at all.

    ``directly``: the trust policy names a caller of its own account itself, who then needs no policy.
    """

    facts: tuple[Cause, ...]
    candidates: tuple[Cause, ...]
    known: bool
    directly: bool = False


def _caller_side(call: RefusedCall, evidence: Evidence, action: str, *, said: bool, explicit: bool) -> _Side:
    """The caller's policies. ``said``: AWS names them, ``explicit`` as in ``_reason``."""
    if evidence.simulated is not None:
        found = [_simulated(call, each, evidence) for each in evidence.simulated]
        facts = tuple(each for each in found if each is not None)
        if facts or not said:
            return _Side(facts, (), known=True)
    if said and not explicit:
        return _Side((causes.identity_policy(call, action),), (), known=True)
    if said:
        deny = causes.identity_deny(call, action)
        if call.mfa:
            return _Side((deny,), (), known=True)
        return _Side((), (causes.mfa_missing(call, evidence.devices, side=causes.CALLER), deny), known=True)
    return _Side((), (causes.identity_policy(call, action),), known=False)


def _simulated(call: RefusedCall, found: Simulation, evidence: Evidence) -> Cause | None:
    if found.organization is False:
        return causes.organization(found.action)
    if found.boundary is False:
        return causes.boundary(call, found.action)
    if found.decision == ALLOWED:
        return None
    again = {each.action.lower(): each.decision for each in evidence.with_mfa or ()}
    if again.get(found.action.lower()) == ALLOWED:
        return causes.mfa_missing(call, evidence.devices, side=causes.CALLER)
    if found.decision == "explicitDeny":
        return causes.identity_deny(call, found.action, found.policies)
    return causes.identity_policy(call, found.action)


def _role_side(call: RefusedCall, evidence: Evidence, action: str, *, explicit: bool) -> _Side:
    """The role's trust policy. ``explicit``: AWS says that it denies the call."""
    if evidence.role_gone:
        return _Side((causes.role_missing(call),), (), known=True)
    if evidence.role is None:
        return _Side((), _unread(call, evidence, action, explicit=explicit), known=False)
    if evidence.role.arn != call.role_arn:
        return _Side((causes.role_missing(call, other=evidence.role.arn),), (), known=True)
    facts: list[Cause] = []
    doubts: list[Cause] = []
    directly = call.same_account
    for each in dict.fromkeys((action, *call.actions)):
        verdict = read(evidence.role.trust_policy, call, each)
        directly = directly and verdict.directly
        facts += [_denied(call, conditions, evidence) for conditions in verdict.denied_by]
        if not verdict.names:
            facts.append(causes.trust_policy(call, each, read=True))
        facts += [_unmet(call, condition, evidence) for condition in verdict.unmet]
        doubts += [causes.trust_condition(call, condition, known=False) for condition in verdict.unknown]
    found = (*dict.fromkeys(facts),), (*dict.fromkeys(doubts),)
    if any(each.kind == "trust-deny" for each in found[0]):  # whatever else is changed
        found = (causes.trust_deny(call),), ()
    return _Side(*found, known=True, directly=directly)


def _denied(call: RefusedCall, conditions: tuple[Condition, ...], evidence: Evidence) -> Cause:
    """The cause for a Deny statement whose ``conditions`` all apply: to change one is enough, if possible one of the call's."""
    if not conditions:
        return causes.trust_deny(call)
    of_call = [each for each in conditions if each.asks_for_mfa or each.key.lower() in _KEYS_OF_A_CALL]
    return _unmet(call, (of_call or list(conditions))[0], evidence)


def _unread(call: RefusedCall, evidence: Evidence, action: str, *, explicit: bool) -> tuple[Cause, ...]:
    """What a trust policy that could not be read may say."""
    first = causes.trust_deny(call) if explicit else causes.trust_policy(call, action, read=False)
    if action != ASSUME_ROLE:
        return (first,)
    found = [first]
    if not call.mfa:
        found.append(causes.mfa_missing(call, evidence.devices))
    found += [causes.external_id(call), causes.session_name(call)]
    return (*found, *(() if call.source_identity else (causes.source_identity(call),)))


def _unmet(call: RefusedCall, condition: Condition, evidence: Evidence) -> Cause:
    """The cause for a condition of the trust policy that the call does not meet."""
    if condition.asks_for_mfa:
        return causes.mfa_missing(call, evidence.devices, denied=condition.denies)
    match condition.key.lower():
        case key if key == EXTERNAL_ID_KEY.lower():
            return causes.external_id(call, condition)
        case key if key == SESSION_NAME_KEY.lower():
            return causes.session_name(call, condition)
        case key if key == SOURCE_IDENTITY_KEY.lower():
            return causes.source_identity(call, condition)
        case _:
            return causes.trust_condition(call, condition, known=True)


def _joined(by_caller: _Side, by_role: _Side, evidence: Evidence) -> Diagnosis:
    facts = tuple(dict.fromkeys((*by_caller.facts, *by_role.facts)))
    found = facts or (*by_caller.candidates, *by_role.candidates)
    if not found:  # both sides allow the call, as far as IAM tells
        found = (
            causes.organization(_action(evidence.said)),
            causes.session_policy(_action(evidence.said)),
            causes.other(
                "a policy changed a moment ago, and AWS does not apply it everywhere yet",
                "run the command again",
            ),
        )
        return Diagnosis(certain=False, causes=found)
    kinds = {cause.kind for cause in facts}
    hopeless = bool(kinds & _NO_POLICY_HELPS or {cause.kind for cause in found} <= _NO_POLICY_HELPS)
    for_caller = any(cause.kind in _CALLER_POLICY and cause.side == causes.CALLER for cause in found)
    for_role = any(cause.statement for cause in found)
    return Diagnosis(
        certain=bool(facts),
        causes=found,
        caller_policy=for_caller or not (by_caller.known or hopeless),
        trust_statement=for_role or not (by_role.known or hopeless),
        allowed_by_caller=evidence.simulated is not None and not by_caller.facts and not hopeless,
    )
