"""IAM's calls that only read, for finding out why a role was refused. Typed; sends nothing itself, like vault/aws/iam."""

from __future__ import annotations

import json

from vault import errors, limits
from vault.aws import service_errors
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from vault.aws.iam import Caller

ALLOWED = "allowed"
_DECISIONS = (ALLOWED, "implicitDeny", "explicitDeny")
_BOOLEAN_KEYS = ("aws:MultiFactorAuthPresent",)


class Simulation(NamedTuple):
    """What the policies of a user or role say to one action: ``decision`` is allowed, implicitDeny or explicitDeny.

    ``organization`` and ``boundary``: whether the service control policies and the permissions boundary allow it; None if
    there are none. ``policies`` are the names of the policies that decided. ``missing`` are the condition keys in the policies
    for which the simulation had no value.
    """

    action: str
    decision: str
    organization: bool | None
    boundary: bool | None
    policies: tuple[str, ...]
    missing: tuple[str, ...] = ()


class RoleDetails(NamedTuple):
    """A role of the caller's account: its ARN, its trust policy, and the longest session that it allows, in seconds."""

    arn: str
    trust_policy: Mapping[str, Any]
    max_session: int


def simulate(
    call: Caller, *, principal: str, actions: Sequence[str], resource: str, context: Mapping[str, str]
) -> tuple[Simulation, ...]:
    """SimulatePrincipalPolicy: may ``principal`` (the ARN of a user or role) do ``actions`` on ``resource``?

    ``context`` has the condition keys of the request. Errors: Refused, Unreachable.
    """
    entries = [
        {
            "ContextKeyName": key,
            "ContextKeyValues": [value],
            "ContextKeyType": "boolean" if key in _BOOLEAN_KEYS else "string",
        }
        for key, value in context.items()
    ]
    fields = call(
        "SimulatePrincipalPolicy", PolicySourceArn=principal, ActionNames=list(actions), ResourceArns=[resource],
        ContextEntries=entries,
    ).fields  # fmt: skip
    found = tuple(_simulation(item) for item in fields.get("EvaluationResults") or [])
    if [each.action.lower() for each in found] != [action.lower() for action in actions]:
        raise _invalid("EvaluationResults")
    return found


def role(call: Caller, *, name: str) -> RoleDetails | None:
    """GetRole: the role ``name`` of the caller's own account; None if there is no such role. Errors: Refused, Unreachable."""
    try:
        found = call("GetRole", RoleName=name).fields.get("Role")
    except errors.Refused as error:
        if error.code == "NoSuchEntity":
            return None
        raise
    found = found if isinstance(found, dict) else {}
    arn, most = found.get("Arn"), found.get("MaxSessionDuration", limits.ROLE_DURATION)
    if not isinstance(arn, str) or not isinstance(most, int):
        raise _invalid("Role")
    return RoleDetails(arn, _document(found.get("AssumeRolePolicyDocument")), most)


def _simulation(item: Any) -> Simulation:
    item = item if isinstance(item, dict) else {}
    action, decision = item.get("EvalActionName"), item.get("EvalDecision")
    if not isinstance(action, str) or decision not in _DECISIONS:
        raise _invalid("EvalDecision")
    names = [
        each.get("SourcePolicyId") for each in item.get("MatchedStatements") or [] if isinstance(each, dict)
    ]
    return Simulation(
        action,
        decision,
        _flag(item, "OrganizationsDecisionDetail", "AllowedByOrganizations"),
        _flag(item, "PermissionsBoundaryDecisionDetail", "AllowedByPermissionsBoundary"),
        tuple(dict.fromkeys(name for name in names if isinstance(name, str))),
        tuple(key for key in item.get("MissingContextValues") or [] if isinstance(key, str)),
    )


def _flag(item: Mapping[str, Any], structure: str, name: str) -> bool | None:
    found = item.get(structure)
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, bool) else None


def _document(found: Any) -> Mapping[str, Any]:
    """A policy document, which boto3 decodes if it can."""
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except (ValueError, RecursionError):
            found = None
    if not isinstance(found, dict):
        raise _invalid("AssumeRolePolicyDocument")
    return found


def _invalid(name: str) -> errors.Unreachable:
    return errors.Unreachable(
        f"IAM's answer has no valid {name}", hint=service_errors.INTERCEPTED, code="WrongAnswer", sent=True
    )
