"""What IAM says about roles and permissions: GetRole, and SimulatePrincipalPolicy over the same policies as the services use."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from tests.fakes import auth, policies, shapes
from tests.fakes.iamcommon import gone
from tests.fakes.refusal import Refusal
from tests.fakes.xmlanswer import when

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.model import Caller
    from tests.fakes.world import World


def get_role(world: World, caller: Caller, parameters: dict[str, str]) -> dict[str, Any]:
    """A role of the caller's own account, by its name without the path: no other account's role can be named."""
    name = parameters["RoleName"]
    role = next((r for r in world.roles.values() if r.account == caller.account and r.name == name), None)
    resource = role.arn if role is not None else f"arn:aws:iam::{caller.account}:role/{name}"
    auth.authorize(caller, "iam:GetRole", resource)
    if role is None:
        raise gone(f"The role with name {name} cannot be found.")
    path = role.arn.split(":role", 1)[1].rpartition("/")[0] + "/"
    fields = {
        "Path": path,
        "RoleName": role.name,
        "RoleId": role.role_id,
        "Arn": role.arn,
        "CreateDate": when(0),
        "AssumeRolePolicyDocument": quote(json.dumps(policies.trust_document(role))),
        "MaxSessionDuration": role.max_session,
    }
    return {"Role": fields}


def simulate_principal_policy(world: World, caller: Caller, parameters: dict[str, str]) -> dict[str, Any]:
    """What the policies of a user or role of the caller's account, and its organization, say to each action."""
    arn = parameters["PolicySourceArn"]
    auth.authorize(caller, "iam:SimulatePrincipalPolicy", arn)
    holder = world.users.get(arn) or world.roles.get(arn)
    if holder is None or holder.account != caller.account:
        kind, _, name = arn.rpartition(":")[2].partition("/")
        if kind not in ("user", "role"):
            raise Refusal(
                400,
                "InvalidInput",
                f"Invalid Entity Arn: {arn} does not clearly define entity type and name.",
            )
        raise gone(f"The {kind} with name {name} cannot be found.")
    context = {
        each["ContextKeyName"]: each["ContextKeyValues.member.1"]
        for each in shapes.members(parameters, "ContextEntries")
    }
    resources = [each[""] for each in shapes.members(parameters, "ResourceArns")] or ["*"]
    if arn in world.users:  # what IAM knows about a user itself
        context |= {"aws:username": holder.name, "aws:PrincipalArn": arn}
    missing = sorted(policies.keys(holder.policies or ()) - set(context))
    denying = world.service_control.get(holder.account, [])
    results = []
    for action in [each[""] for each in shapes.members(parameters, "ActionNames")]:
        for resource in resources:
            decision = policies.identity(holder, action, resource, context)
            by_organization = policies.decide(denying, action, resource, context) != policies.EXPLICIT
            result: dict[str, Any] = {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": decision if by_organization else policies.EXPLICIT,
                "MissingContextValues": missing,
            }
            if denying:
                result["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": by_organization}
            results.append(result)
    return {"EvaluationResults": results, "IsTruncated": False}


ACTIONS: dict[str, Callable[..., Any]] = {
    "GetRole": get_role,
    "SimulatePrincipalPolicy": simulate_principal_policy,
}
