"""Who signed a request, and whether the identity policy of that one allows the action at all."""

from __future__ import annotations

from tests.fakes import policies, sessionpolicy, sigv4
from tests.fakes.model import AccessKey, Caller, Session
from tests.fakes.refusal import Refusal, denied, invalid_client_token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes.world import World

EXPIRED = "The security token included in the request is expired"
# What a user may do without MFA under the well-known "manage your own MFA device" policy.
WITHOUT_MFA = {
    "iam:CreateVirtualMFADevice",
    "iam:EnableMFADevice",
    "iam:GetUser",
    "iam:ListMFADevices",
    "iam:ListVirtualMFADevices",
    "iam:ResyncMFADevice",
}


def authenticate(world: World, request: sigv4.Request, signed: sigv4.Signed, *, service: str) -> Caller:
    """The caller; raises the Refusal for an unknown key, a wrong signature or an expired session."""
    sigv4.check_scope(signed, service=service, only_region=world.only_region)
    token = request.headers.get("x-amz-security-token")
    session = world.sessions.get(signed.key_id)
    key = world.keys.get(signed.key_id)
    if session is not None:
        if token != session.token:
            raise invalid_client_token()
        secret = session.secret
    elif key is not None and token is None and key.status == "Active" and known(world, key):
        secret = key.secret
    else:
        raise invalid_client_token()
    sigv4.check_time(signed, world.now(), world.max_skew)
    sigv4.check_signature(request, signed, secret)
    if session is not None:
        return _of_session(world, session, signed.region)
    assert key is not None
    key.last_used, key.last_service, key.last_region = world.now(), service, signed.region
    user = world.users[key.user]
    return Caller(key.id, user.account, user.arn, user.user_id, signed.region, user=user)


def known(world: World, key: AccessKey) -> bool:
    """Whether this request meets a server that has heard of the key."""
    now = world.now()
    if now < key.valid_from:
        return False
    if now >= key.steady_from:
        return True
    key.uses_while_flapping += 1
    return world.flapping[(key.uses_while_flapping - 1) % len(world.flapping)]


def _of_session(world: World, session: Session, region: str) -> Caller:
    if world.now() >= session.expires:
        raise Refusal(403, "ExpiredToken", EXPIRED)
    user = world.users.get(session.user) if session.user else None
    role = world.roles.get(session.role) if session.role else None
    if user is None and role is None:  # its user or role has been deleted
        raise invalid_client_token()
    return Caller(
        session.key_id,
        session.account,
        session.arn,
        session.user_id,
        region,
        user=user,
        role=role,
        session=session,
    )


def check_region(world: World, caller: Caller) -> None:
    if (caller.account, caller.region) in world.disabled_regions:
        raise Refusal(
            403,
            "RegionDisabledException",
            f"STS is not activated in this region for account:{caller.account}. Your account administrator can "
            "activate STS in this region using the IAM Console.",
        )


def check_organization(
    world: World, caller: Caller, action: str, resource: str, context: Mapping[str, str]
) -> None:
    """Raises the Refusal of a service control policy of the caller's account."""
    documents = world.service_control.get(caller.account, [])
    if policies.decide(documents, action, resource, context) == policies.EXPLICIT:
        raise denied(caller.arn, action, resource, why="with an explicit deny in a service control policy")


def authorize(
    caller: Caller,
    action: str,
    resource: str,
    *,
    context: Mapping[str, str] | None = None,
    granted: bool = False,
    reasons: bool = True,
) -> None:
    """Holds the caller's own identity policy against `action` ("iam:CreateAccessKey").

    `granted`: something else allows it, so that only an explicit deny refuses. `reasons`: the refusal says what refuses.
    """
    service = action.partition(":")[0]
    explicit = "with an explicit deny in an identity-based policy"
    if caller.user and caller.session and caller.session.issued < caller.user.revoked_before:
        raise denied(caller.arn, action, resource, why=explicit)
    given = policies.context_of(caller) if context is None else context
    decision = policies.identity(caller.holder, action, resource, given)
    in_flags = bool(caller.denied & {action, f"{service}:*", "*"})
    if decision == policies.EXPLICIT:
        raise denied(caller.arn, action, resource, why=explicit if reasons else "")
    if decision == policies.IMPLICIT and (in_flags or not granted):
        why = f"because no identity-based policy allows the {action} action"
        raise denied(caller.arn, action, resource, why=why if reasons else "")
    if caller.session and not sessionpolicy.allows(caller.session, action, resource):
        raise denied(
            caller.arn, action, resource, why=f"because no session policy allows the {action} action"
        )
    needs_mfa = service == "iam" and caller.user is not None and caller.user.require_mfa_for_iam
    if needs_mfa and not caller.mfa and action not in WITHOUT_MFA:
        raise denied(caller.arn, action, resource, why=explicit)
