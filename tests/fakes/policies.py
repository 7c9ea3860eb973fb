"""Identity, trust and service control policies: JSON documents, evaluated with their conditions as AWS does.

A document that AWS would refuse, or an operator that is not played, is a ValueError: a test must not pass by a typo.
"""

from __future__ import annotations

import json
import re
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.fakes.model import Caller, Role, User
    from tests.fakes.world import World

ALLOWED, EXPLICIT, IMPLICIT = "allowed", "explicitDeny", "implicitDeny"
MFA = "aws:MultiFactorAuthPresent"
MEMBERS = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "Condition"}


# --- documents


def statements(document: str, *, trust: bool = False) -> list[dict[str, Any]]:
    """The statements of a policy in JSON. A trust policy has principals and no resources, an identity policy the reverse."""
    found = json.loads(document)
    if found.get("Version") != "2012-10-17" or set(found) - {"Version", "Statement", "Id"}:
        raise ValueError("MalformedPolicyDocument: Syntax errors in policy.")
    held = found["Statement"] if isinstance(found["Statement"], list) else [found["Statement"]]
    for each in held:
        check_statement(each, trust=trust)
    return held


def check_statement(statement: dict[str, Any], *, trust: bool) -> None:
    right = (
        statement.get("Effect") in ("Allow", "Deny")
        and ("Action" in statement) != ("NotAction" in statement)
        and ("Principal" in statement) == trust
        and ("Resource" in statement or "NotResource" in statement) != trust
        and not set(statement) - MEMBERS
    )
    if not right:
        raise ValueError(f"MalformedPolicyDocument: {statement}")


def trust_of(role: Role) -> list[dict[str, Any]]:
    """The statements of a role's trust policy: one of its fields, and those that were added."""
    by_token = [each for each in role.trusts if each.startswith("oidc:") or not each.startswith("arn:")]
    principals = [each for each in role.trusts if each not in by_token]
    actions = ["sts:AssumeRole"]
    actions += ["sts:TagSession"] if role.allows_tags else []
    actions += ["sts:SetSourceIdentity"] if role.allows_source_identity else []
    condition: dict[str, dict[str, str]] = {}
    if role.mfa:
        condition["Bool"] = {MFA: "true"}
    if role.external_id is not None:
        condition["StringEquals"] = {"sts:ExternalId": role.external_id}
    if role.needs_user_name:
        condition.setdefault("StringEquals", {})["sts:RoleSessionName"] = "${aws:username}"
    if role.needs_source_identity:
        condition["Null"] = {"sts:SourceIdentity": "false"}
    found = []
    if principals:
        statement = {"Effect": "Allow", "Principal": {"AWS": principals}, "Action": actions}
        found.append(statement | ({"Condition": condition} if condition else {}))
    return found + [json.loads(each) for each in role.trust_added]


def trust_document(role: Role) -> dict[str, Any]:
    """The trust policy as GetRole shows it."""
    return {"Version": "2012-10-17", "Statement": trust_of(role)}


# --- putting a policy in place


def attach(world: World, holder: User | Role, document: dict[str, Any]) -> None:
    """Give a user or role one more identity policy, as an administrator does who got it by mail."""
    text = json.dumps(document)
    statements(text)
    with world.lock:
        holder.policies = [*(holder.policies or []), text]


def trust(world: World, role: Role, statement: dict[str, Any]) -> None:
    """Add a statement to a role's trust policy. ValueError for a principal that does not exist, as AWS refuses one."""
    check_statement(statement, trust=True)
    for principal in _listed(statement["Principal"]["AWS"]):
        known = principal in world.users or principal in world.roles
        if not known and re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:root", principal) is None:
            raise ValueError(f"MalformedPolicyDocument: Invalid principal in policy: {principal}")
    with world.lock:
        role.trust_added.append(json.dumps(statement))


# --- evaluation


def context_of(caller: Caller, *, mfa: bool | None = None, **more: str | None) -> dict[str, str]:
    """The context keys of a request. A long-term key without a code has no aws:MultiFactorAuthPresent at all."""
    found = {key.replace("_", ":"): value for key, value in more.items() if value is not None}
    present = caller.mfa if mfa is None else mfa
    if present or caller.session is not None:
        found[MFA] = "true" if present else "false"
    if caller.user is not None and caller.role is None:
        found["aws:username"] = caller.user.name
    holder = caller.holder
    found["aws:PrincipalArn"] = holder.arn if holder is not None else caller.arn
    return found


def decide(documents: Iterable[str], action: str, resource: str, context: Mapping[str, str]) -> str:
    """What identity policies say to ``action`` on ``resource``."""
    held = [each for document in documents for each in statements(document)]
    meant = [
        each["Effect"]
        for each in held
        if _applies(each, "Action", action)
        and _applies(each, "Resource", resource)
        and holds(each.get("Condition", {}), context)
    ]
    return EXPLICIT if "Deny" in meant else ALLOWED if meant else IMPLICIT


def keys(documents: Iterable[str]) -> set[str]:
    """The condition keys that identity policies name."""
    held = [each for document in documents for each in statements(document)]
    return {key for each in held for named in each.get("Condition", {}).values() for key in named}


def identity(holder: User | Role | None, action: str, resource: str, context: Mapping[str, str]) -> str:
    """What the identity policies of a user or role say; its ``denied`` actions are allowed by no policy."""
    if holder is None:
        return IMPLICIT
    service = action.partition(":")[0]
    if holder.denied & {action, f"{service}:*", "*"}:
        return IMPLICIT
    return ALLOWED if holder.policies is None else decide(holder.policies, action, resource, context)


def trusts(role: Role, caller: Caller, action: str, context: Mapping[str, str]) -> bool:
    """Whether the role's trust policy lets the caller do ``action``."""
    meant = [each["Effect"] for each in _trusting(role, caller, action, context)]
    return "Allow" in meant and "Deny" not in meant


def trusts_user_itself(role: Role, caller: Caller, action: str, context: Mapping[str, str]) -> bool:
    """Whether the trust policy names a user of the role's own account, who then needs no identity policy."""
    if caller.account != role.account or caller.user is None or caller.role is not None:
        return False
    return any(
        caller.arn in _listed(each["Principal"]["AWS"]) for each in _trusting(role, caller, action, context)
    )


def _trusting(role: Role, caller: Caller, action: str, context: Mapping[str, str]) -> list[dict[str, Any]]:
    holder = caller.holder
    own = {caller.arn, f"arn:{role.partition}:iam::{caller.account}:root", "*"}
    own |= {holder.arn} if holder is not None else set()
    return [
        each
        for each in trust_of(role)
        if own & set(_listed(each["Principal"]["AWS"]))
        and _applies(each, "Action", action)
        and holds(each.get("Condition", {}), context)
    ]


def holds(condition: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    """Whether every operator of a condition is satisfied."""
    return all(
        _operator(operator, context.get(key), [_filled(str(each), context) for each in _listed(wanted)])
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def _operator(operator: str, held: str | None, wanted: list[str | None]) -> bool:
    if operator == "Null":
        return any((held is None) == (each == "true") for each in wanted)
    if operator.endswith("IfExists"):
        return held is None or _operator(operator.removesuffix("IfExists"), held, wanted)
    if operator in ("StringNotEquals", "StringNotLike", "ArnNotLike"):
        return not _operator(operator.replace("Not", ""), held, wanted)
    if held is None:
        return False
    if operator == "Bool":
        return held in [str(each).lower() for each in wanted]
    if operator == "StringEquals":
        return held in wanted
    if operator in ("StringLike", "ArnLike", "ArnEquals"):
        return any(each is not None and _like(each, held) for each in wanted)
    raise ValueError(f"the stand-in does not play the operator {operator}")


def _filled(text: str, context: Mapping[str, str]) -> str | None:
    """``text`` with its policy variables; None if one has no value, so that nothing matches."""
    for name in re.findall(r"\$\{([^}]+)\}", text):
        if name not in context:
            return None
        text = text.replace(f"${{{name}}}", context[name])
    return text


def _applies(statement: Mapping[str, Any], name: str, value: str) -> bool:
    if name in statement:
        return any(_like(each, value) for each in _listed(statement[name]))
    if f"Not{name}" in statement:
        return not any(_like(each, value) for each in _listed(statement[f"Not{name}"]))
    return False


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _like(pattern: str, value: str) -> bool:
    shape = "".join(".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.fullmatch(shape, value, re.IGNORECASE) is not None
