"""What session policies allow: an action is allowed if one of them allows it and none denies it."""

from __future__ import annotations

import json
import re
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tests.fakes.model import Session

# AWS's managed policies that the stand-in knows, as patterns of actions; any other allows nothing.
MANAGED = {
    "ReadOnlyAccess": ("*:Get*", "*:List*", "*:Describe*", "*:View*"),
    "job-function/ViewOnlyAccess": ("*:List*", "*:Describe*"),
    "AdministratorAccess": ("*",),
}


def well_formed(document: Any) -> bool:
    """Whether AWS would take ``document`` for a session policy."""
    if not isinstance(document, dict) or not isinstance(document.get("Statement"), dict | list):
        return False
    if not document["Statement"] or document.get("Version", "2012-10-17") not in ("2012-10-17", "2008-10-17"):
        return False
    found = document["Statement"]
    sids = [each.get("Sid") for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    named = [sid for sid in sids if sid]
    return len(named) == len(set(named)) and all(
        isinstance(each, dict)
        and each.get("Effect") in ("Allow", "Deny")
        and ("Action" in each) != ("NotAction" in each)
        and ("Resource" in each) != ("NotResource" in each)
        and "Principal" not in each
        for each in (found if isinstance(found, list) else [found])
    )


def allows(session: Session, action: str, resource: str) -> bool:
    """Whether the session's policies allow ``action`` on ``resource``. Without any, a federation may do nothing."""
    if not session.policies:
        return session.kind != "federation"
    allowed = False
    for policy in session.policies:
        for effect, matches in _effects(policy, action, resource):
            if matches and effect == "Deny":
                return False
            allowed = allowed or matches
    return allowed


def _effects(policy: str, action: str, resource: str) -> list[tuple[str, bool]]:
    if policy.startswith("arn:"):
        patterns = MANAGED.get(policy.partition(":policy/")[2], ())
        return [("Allow", any(_like(pattern, action) for pattern in patterns))]
    found = json.loads(policy)["Statement"]
    return [
        (each["Effect"], _applies(each, "Action", action) and _applies(each, "Resource", resource))
        for each in (found if isinstance(found, list) else [found])
    ]


def _applies(statement: dict[str, Any], name: str, value: str) -> bool:
    """Conditions are not played: a statement with one never applies."""
    if "Condition" in statement:
        return False
    patterns = statement.get(name, statement.get(f"Not{name}"))
    found = any(_like(each, value) for each in (patterns if isinstance(patterns, list) else [patterns]))
    return found if name in statement else not found


def _like(pattern: str, value: str) -> bool:
    shape = "".join(".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.fullmatch(shape, value, re.IGNORECASE) is not None
