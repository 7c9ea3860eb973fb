"""The security token service: the rules by which sessions are given and refused."""

from __future__ import annotations

import json
import re
import zlib
from types import MappingProxyType
from typing import Any

from tests.fakes import auth, onetime, policies, sessionpolicy, shapes, webidentity
from tests.fakes.refusal import Refusal, denied, validation
from tests.fakes.xmlanswer import when

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.fakes.model import Caller, Role, Session
    from tests.fakes.world import World

CHAINED_MOST = 3600
MOST_POLICIES, MOST_OF_POLICIES = 10, 2048  # ARNs; characters of them and of the inline policy
UNSIGNED = {"AssumeRoleWithWebIdentity"}
OVERRIDDEN = (
    "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
    "the calling session."
)
TOO_LONG = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
TOO_LONG_CHAINED = (
    "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
)


def get_caller_identity(world: World, caller: Caller, parameters: dict[str, str]) -> dict[str, Any]:
    return {"Arn": caller.arn, "UserId": caller.user_id, "Account": caller.account}


def get_access_key_info(world: World, caller: Caller, parameters: dict[str, str]) -> dict[str, Any]:
    _only_whole(caller, "GetAccessKeyInfo")
    key_id = parameters["AccessKeyId"]
    if key_id in world.keys:
        return {"Account": world.users[world.keys[key_id].user].account}
    if key_id in world.sessions:
        return {"Account": world.sessions[key_id].account}
    raise validation(f"Invalid Access key Id: {key_id}")


def get_session_token(world: World, caller: Caller, parameters: dict[str, str]) -> dict[str, Any]:
    if caller.session is not None:
        raise Refusal(403, "AccessDenied", "Cannot call GetSessionToken with session credentials")
    auth.check_region(world, caller)
    auth.check_organization(world, caller, "sts:GetSessionToken", caller.arn, policies.context_of(caller))
    auth.authorize(caller, "sts:GetSessionToken", caller.arn, granted=True)  # every user may, unless denied
    mfa = onetime.verify(world, caller, parameters.get("SerialNumber"), parameters.get("TokenCode"))
    assert caller.user is not None
    session = world.add_session(
        kind="session",
        account=caller.account,
        arn=caller.arn,
        user_id=caller.user_id,
        user=caller.user.arn,
        seconds=int(parameters.get("DurationSeconds", 43200)),
        mfa=mfa,
    )
    return {"Credentials": credentials(session)}


def get_federation_token(world: World, caller: Caller, parameters: dict[str, str]) -> dict[str, Any]:
    """A session of the user under a name and a policy: the calls are those that both allow; it never carries MFA."""
    if caller.session is not None:
        raise Refusal(403, "AccessDenied", "Cannot call GetFederationToken with session credentials")
    auth.check_region(world, caller)
    assert caller.user is not None
    name = parameters["Name"]
    arn = f"arn:aws:sts::{caller.account}:federated-user/{name}"
    auth.authorize(caller, "sts:GetFederationToken", arn)
    narrowing = _session_policies(world, parameters, arn)
    session = world.add_session(
        kind="federation",
        account=caller.account,
        arn=arn,
        user_id=f"{caller.account}:{name}",
        user=caller.user.arn,
        seconds=int(parameters.get("DurationSeconds", 43200)),
        policies=narrowing,
    )
    answer: dict[str, Any] = {
        "Credentials": credentials(session),
        "FederatedUser": {"FederatedUserId": session.user_id, "Arn": arn},
    }
    return answer | ({"PackedPolicySize": 4} if narrowing else {})


def _session_policies(
    world: World, parameters: dict[str, str], owner: str, *, tags: Mapping[str, str] = MappingProxyType({})
) -> tuple[str, ...]:
    """The inline policy and the ARNs of managed ones, which together are what the session may do at most. ``owner`` is the
    ARN of the role or the user.
    """
    partition, account = owner.split(":")[1], owner.split(":")[4]
    document = parameters.get("Policy")
    arns = [item.get("arn", "") for item in shapes.members(parameters, "PolicyArns")]
    if document is not None:
        try:
            parsed = json.loads(document, parse_constant=_no_constant)
        except ValueError:
            raise Refusal(400, "MalformedPolicyDocument", "Syntax errors in policy.") from None
        if not sessionpolicy.well_formed(parsed):
            raise Refusal(400, "MalformedPolicyDocument", "Syntax errors in policy.")
    if len(arns) > MOST_POLICIES:
        raise validation(
            f"1 validation error detected: Value '{arns}' at 'policyArns' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MOST_POLICIES}"
        )
    if len(document or "") + sum(map(len, arns)) > MOST_OF_POLICIES:
        raise Refusal(400, "PackedPolicyTooLarge", "Packed size of session policies is too large")
    packed = len(zlib.compress("".join((document or "", *arns, *tags, *tags.values())).encode()))
    if packed > world.packed_most:
        used = packed * 100 // world.packed_most
        raise Refusal(
            400,
            "PackedPolicyTooLarge",
            f"Packed policy consumes {used}% of allotted space, please use smaller policy.",
        )
    if len(set(arns)) < len(arns):
        raise validation("Duplicate policy ARNs are not allowed.")
    for arn in arns:
        if not re.fullmatch(rf"arn:{partition}:iam::(aws|{account}):policy/[!-~]+", arn):
            raise validation(f"ARN {arn} is not valid.")
    return tuple(filter(None, (document, *arns)))


def _no_constant(name: str) -> None:
    raise ValueError(name)


def assume_role(world: World, caller: Caller, parameters: dict[str, str]) -> dict[str, Any]:
    if caller.session is not None and caller.session.kind == "federation":
        raise Refusal(403, "AccessDenied", "Cannot call AssumeRole with federation credentials")
    arn, name = parameters["RoleArn"], parameters["RoleSessionName"]
    if not arn.startswith("arn:") or arn.count(":") < 5:
        raise validation(f"{arn} is invalid")
    tags, transitive = _tags(parameters)
    narrowing = _session_policies(world, parameters, arn, tags=tags)
    auth.check_region(world, caller)
    code = onetime.verify(world, caller, parameters.get("SerialNumber"), parameters.get("TokenCode"))
    held = caller.session.source_identity if caller.session else None
    wanted = parameters.get("SourceIdentity") or held
    inherited = caller.session.transitive if caller.session else {}
    context = policies.context_of(
        caller,
        mfa=code or caller.mfa,
        sts_ExternalId=parameters.get("ExternalId"),
        sts_RoleSessionName=name,
        sts_SourceIdentity=wanted,
    )
    role = _allowed(world, caller, "sts:AssumeRole", arn, context)
    if held is not None and wanted != held:
        raise denied(caller.arn, "sts:SetSourceIdentity", arn)  # one that is set can never be changed
    if wanted is not None:
        _allowed(world, caller, "sts:SetSourceIdentity", arn, context)
    lowered = {key.lower() for key in inherited}
    if any(key.lower() in lowered for key in tags):
        raise Refusal(400, "InvalidParameterValue", OVERRIDDEN)
    if tags or inherited:
        _allowed(world, caller, "sts:TagSession", arn, context)
    seconds = _duration(parameters, role, chained=caller.session is not None)
    session = role_session(
        world,
        role,
        name,
        seconds,
        chained=caller.session is not None,
        source_identity=wanted,
        tags={**inherited, **tags},
        transitive={**inherited, **{key: tags[key] for key in transitive}},
        policies=narrowing,
    )
    answer: dict[str, Any] = {"Credentials": credentials(session), "AssumedRoleUser": assumed(session)}
    if tags or inherited or narrowing:
        answer["PackedPolicySize"] = 4
    return {**answer, "SourceIdentity": wanted}


def assume_role_with_web_identity(world: World, caller: None, parameters: dict[str, str]) -> dict[str, Any]:
    arn = parameters["RoleArn"]
    claims = webidentity.verify(world, parameters["WebIdentityToken"])
    role = world.roles.get(arn)
    trusted = role is not None and "oidc:" + claims["iss"] in role.trusts
    if not trusted or role is None or role.subject not in (None, claims.get("sub")):
        raise Refusal(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    if role.audience not in (None, claims.get("aud")):
        raise Refusal(400, "InvalidIdentityToken", "Incorrect token audience")
    session = role_session(
        world, role, parameters["RoleSessionName"], _duration(parameters, role, chained=False)
    )
    return {
        "Credentials": credentials(session),
        "AssumedRoleUser": assumed(session),
        "SubjectFromWebIdentityToken": claims.get("sub"),
        "Audience": claims.get("aud"),
        "Provider": claims["iss"],
    }


def role_session(world: World, role: Role, name: str, seconds: float, **more: Any) -> Session:
    """A session of a role. It never carries MFA: only GetSessionToken's credentials do."""
    return world.add_session(
        kind="role",
        account=role.account,
        user_id=f"{role.role_id}:{name}",
        role=role.arn,
        seconds=seconds,
        arn=f"arn:{role.partition}:sts::{role.account}:assumed-role/{role.name}/{name}",
        **more,
    )


def credentials(session: Session) -> dict[str, str]:
    return {
        "AccessKeyId": session.key_id,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": when(session.expires),
    }


def assumed(session: Session) -> dict[str, str]:
    return {"AssumedRoleId": session.user_id, "Arn": session.arn}


def _only_whole(caller: Caller, action: str) -> None:
    """GetSessionToken's credentials may call two actions of this service, GetFederationToken's one."""
    if caller.session is not None and caller.session.kind in ("session", "federation"):
        raise Refusal(403, "AccessDenied", f"Cannot call {action} with session credentials")


def _allowed(world: World, caller: Caller, action: str, arn: str, context: Mapping[str, str]) -> Role:
    """The role, if the organization, the caller's own policies and the role's trust policy all allow ``action``.

    AWS gives the same answer for a role that does not exist as for one that does not trust the caller, and no reason.
    """
    role = world.roles.get(arn)
    auth.check_organization(world, caller, action, arn, context)
    by_name = role is not None and policies.trusts_user_itself(role, caller, action, context)
    auth.authorize(caller, action, arn, context=context, granted=by_name, reasons=world.gives_reasons)
    if role is None or not policies.trusts(role, caller, action, context):
        raise denied(caller.arn, action, arn)
    return role


def _tags(parameters: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    items = shapes.members(parameters, "Tags")
    if len(items) > 50:
        raise validation(
            f"1 validation error detected: Value '{items}' at 'tags' failed to satisfy constraint: "
            "Member must have length less than or equal to 50"
        )
    tags: dict[str, str] = {}
    for item in items:
        key, value = item.get("Key", ""), item.get("Value", "")
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise validation(
                "1 validation error detected: a tag's key or value failed to satisfy constraint: length"
            )
        if key.lower() in {known.lower() for known in tags}:
            raise Refusal(
                400,
                "InvalidParameterValue",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            )
        tags[key] = value
    transitive = [item.get("", "") for item in shapes.members(parameters, "TransitiveTagKeys")]
    if any(key not in tags for key in transitive):
        raise Refusal(
            400,
            "InvalidParameterValue",
            "The specified transitive tag key must be included in the requested tags.",
        )
    return tags, transitive


def _duration(parameters: dict[str, str], role: Role, *, chained: bool) -> int:
    seconds = int(parameters.get("DurationSeconds", 3600))
    if seconds > role.max_session:
        raise validation(TOO_LONG)
    if chained and seconds > CHAINED_MOST:
        raise validation(TOO_LONG_CHAINED)
    return seconds


ACTIONS: dict[str, Callable[..., dict[str, Any] | None]] = {
    "GetCallerIdentity": get_caller_identity,
    "GetAccessKeyInfo": get_access_key_info,
    "GetSessionToken": get_session_token,
    "GetFederationToken": get_federation_token,
    "AssumeRole": assume_role,
    "AssumeRoleWithWebIdentity": assume_role_with_web_identity,
}
