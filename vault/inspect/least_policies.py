"""The smallest policies that let a refused AssumeRole pass: one for the caller, one statement for the role. Pure."""

from __future__ import annotations

from vault.inspect.refused_call import EXTERNAL_ID_KEY, MFA_KEY, SESSION_NAME_KEY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vault.inspect.refused_call import RefusedCall

VERSION = "2012-10-17"


def identity_policy(call: RefusedCall) -> dict[str, Any]:
    """An identity policy for the caller's user or role: the call's actions on this role, and nothing else."""
    statement = {"Effect": "Allow", "Action": _actions(call), "Resource": call.role_arn}
    return {"Version": VERSION, "Statement": [statement]}


def trust_statement(call: RefusedCall) -> dict[str, Any]:
    """A statement for the role's trust policy: this caller, and as conditions what its calls have.

    Those are MFA, the external ID, and the session name if the profile sets one.
    """
    equal: dict[str, str] = {}
    if call.external_id is not None:
        equal[EXTERNAL_ID_KEY] = call.external_id
    if call.named:
        equal[SESSION_NAME_KEY] = "${aws:username}" if call.session_name == call.user else call.session_name
    condition: dict[str, dict[str, Any]] = {}
    if call.mfa:
        condition["Bool"] = {MFA_KEY: "true"}
    if equal:
        condition["StringEquals"] = equal
    principal = call.principal
    if call.path_unknown:  # AWS accepts only a principal that exists
        start, _, name = principal.partition(":role/")
        paths = ["aws-reserved/sso.amazonaws.com*/"] if call.by_sso_role else ["", "*/"]
        named = [f"{start}:role/{path}{name}" for path in paths]
        principal = f"{start}:root"
        condition["ArnLike"] = {"aws:PrincipalArn": named if len(named) > 1 else named[0]}
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": _actions(call)}
    return statement | ({"Condition": condition} if condition else {})


def _actions(call: RefusedCall) -> str | list[str]:
    return call.actions[0] if len(call.actions) == 1 else list(call.actions)
