"""Gets a session of an IAM user from the user's access key (GetFederationToken), so that the user can sign in to the console."""

from __future__ import annotations

from vault import errors, limits
from vault.aws import credential_json, sts
from vault.aws.service_endpoint import ServiceEndpoint
from vault.credentials.session_name import session_name
from vault.profiles.chain import VaultKey
from vault.profiles.session_policy import EVERYTHING, SessionPolicy, read_only_policy
from vault.system.machine import host_name, user_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.credentials.issued import Issued
    from vault.credentials.request import Request

NO_MFA = (
    "note: this console session has no MFA, even if the key has a device. It denies everything that the user's policies "
    "allow only with MFA. A profile with a role does not have this limit"
)


def federated(context: Context, issued: Issued, request: Request, *, subject: str) -> Issued:
    """A session of the user whose access key is ``issued``. Its guard rails may restrict it; otherwise it allows all that the
    user may do.

    Keeps awsvault_max_duration. Errors: Refused, Unreachable.
    """
    chain = issued.chain
    policy = chain.guardrails.policy
    if chain.guardrails.read_only:
        own = policy or SessionPolicy()
        read_only = read_only_policy(chain.source_endpoint.partition)
        policy = SessionPolicy(own.document, tuple(dict.fromkeys((read_only, *own.arns))))
    else:
        policy = policy.alone if policy is not None else EVERYTHING
    seconds = request.duration or chain.session_duration or context.settings.session_duration
    if chain.guardrails.max_duration is not None:
        seconds = min(seconds, chain.guardrails.max_duration)
    key = credential_json.credentials_of(issued.line)
    try:
        session = sts.get_federation_token(
            key,
            name=_name(context),
            duration=seconds,
            policy=policy.document,
            policy_arns=policy.arns,
            endpoint=_endpoint(context, issued),
            deadline=context.deadline,
            subject=subject,
        )
    except errors.Refused as error:
        if isinstance(chain.source, VaultKey):
            error.key_id = (
                key.access_key_id
            )  # a rotation may have replaced it meanwhile, here or on another machine
        if getattr(error, "code", "") == "AccessDenied":
            error.hint = "allow sts:GetFederationToken without MFA in the user's policies, or use a profile with a role"
        raise
    account = credential_json.fields(issued.line).get("AccountId")
    line = credential_json.of_session(session._replace(account_id=account))
    return issued._replace(line=line, issued=session.issued, expires=session.expiration, asked_aws=True)


def _name(context: Context) -> str:
    """The name that CloudTrail and the console show: the user and the machine, cut to the length that AWS accepts."""
    return session_name(user_name(context.env), host_name(), most=limits.FEDERATION_NAME_MOST)


def _endpoint(context: Context, issued: Issued) -> ServiceEndpoint:
    endpoint = issued.chain.source_endpoint
    return ServiceEndpoint(
        endpoint.url or f"https://{endpoint.host}",
        endpoint.region,
        context.settings.allow_http,
        place=str(endpoint.url_origin or ""),
        ca_bundle=issued.chain.ca_bundle,
    )
