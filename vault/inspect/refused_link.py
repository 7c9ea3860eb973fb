"""From a link that AWS refused to the report about it: the call as a value, the evidence, the diagnosis, the policies."""

from __future__ import annotations

from vault.credentials.session_name import default_session_name
from vault.inspect import least_policies, refusal_causes, refusal_evidence, refusal_side
from vault.inspect.explain_text import shown
from vault.inspect.refused_call import RefusedCall, is_path_unknown, principal_of
from vault.profiles.chain import AssumeRole, FetchSource, SessionToken, StaticKeys, WebIdentity
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vault import errors
    from vault.aws.credentials import Credentials
    from vault.context import Context
    from vault.credentials.planned import PlannedChain
    from vault.inspect.refusal_side import Diagnosis
    from vault.profiles.chain import Link


class LiveRefusal(NamedTuple):
    """A refused link (counted from 1) and why: AWS's code and message, the caller's ARN, the diagnosis and the policies.

    ``unread`` says what could not be read, and why. The policies are None if they would not help.
    """

    link: int
    code: str
    said: str
    call: RefusedCall
    diagnosis: Diagnosis
    unread: tuple[str, ...]
    identity_policy: dict[str, Any] | None
    trust_statement: dict[str, Any] | None


def explained(
    context: Context,
    planned: PlannedChain,
    links: tuple[Link, ...],
    at: int,
    *,
    signer: Credentials | None,
    error: errors.Refused,
) -> LiveRefusal:
    """Why AWS refused link ``at``, which ``signer`` signed (None for a source). Errors: Unreachable, ConfigError."""
    chain = planned.chain
    call = RefusedCall(profile=chain.profile, entry=chain.entry)
    if signer is not None and not isinstance(links[at], FetchSource):
        caller = refusal_evidence.caller_of(context, chain.profile, signer)
        call = _call(context, planned, links, at, temporary=signer.token is not None, caller=caller)
    reader = _key_of_session(planned, links, at) or signer
    evidence = refusal_evidence.collect(context, chain.profile, call, error, reader)
    found = refusal_side.diagnose(call, evidence)
    return LiveRefusal(
        at + 1,
        error.code,
        error.said,
        call,
        found,
        evidence.unread,
        least_policies.identity_policy(call) if found.caller_policy else None,
        least_policies.trust_statement(_with_mfa(call, found))
        if found.trust_statement and call.principal
        else None,
    )


def _with_mfa(call: RefusedCall, found: Diagnosis) -> RefusedCall:
    """The call with MFA, if one of its causes is that it has none: a statement must not let it pass without."""
    required = any(cause.kind == refusal_causes.MFA_MISSING and not cause.statement for cause in found.causes)
    return call._replace(mfa=True) if found.certain and required and call.user is not None else call


def device_of(link: Link) -> str | None:
    """The device whose code goes with the link's call."""
    match link:
        case SessionToken():
            return link.mfa_serial
        case AssumeRole():
            return link.with_code
        case FetchSource():
            return None


def _key_of_session(planned: PlannedChain, links: tuple[Link, ...], at: int) -> Credentials | None:
    """The key itself, if the link before is its session without MFA: IAM refuses such a session, and answers the key."""
    before = links[at - 1] if at > 0 else None
    without_mfa = isinstance(before, SessionToken) and before.mfa_serial is None
    return planned.key if without_mfa else None


def _call(
    context: Context, planned: PlannedChain, links: tuple[Link, ...], at: int, *, temporary: bool, caller: str
) -> RefusedCall:
    """The refused call as a value."""
    chain, link = planned.chain, links[at]
    serial = device_of(link)
    base = RefusedCall(
        caller=caller,
        profile=chain.source_profile,
        entry=chain.entry,
        serial=serial,
        serial_place=shown(chain.device_origin(serial), context.paths.home) if serial else "",
        temporary=temporary,
        region=(link.hop.endpoint if isinstance(link, AssumeRole) else chain.source_endpoint).region,
    )
    if not isinstance(link, AssumeRole):
        return base._replace(principal=caller)
    hop, before = link.hop, links[at - 1] if at > 0 else None
    earlier = [each.hop for each in links[:at] if isinstance(each, AssumeRole)]
    identities = [each.source_identity for each in (*earlier, hop) if each.source_identity]
    known = before.hop.role_arn if isinstance(before, AssumeRole) else None
    if isinstance(before, FetchSource) and isinstance(before.source, WebIdentity):
        known = before.source.role_arn
    return base._replace(
        role_arn=hop.role_arn,
        principal=principal_of(caller, role_arn=known),
        path_unknown=is_path_unknown(caller, role_arn=known),
        profile=hop.profile,
        mfa=True if serial else _has_mfa(before, chain.source),
        external_id=hop.external_id,
        session_name=hop.role_session_name or default_session_name(context.env),
        named=hop.role_session_name is not None,
        source_identity=identities[-1] if identities else None,
        tagged=bool(hop.session_tags) or any(each.transitive_tag_keys for each in earlier),
        duration=link.duration,
        duration_place=shown(hop.origin("duration_seconds"), context.paths.home),
    )


def _has_mfa(before: Link | None, source: object) -> bool | None:
    """Whether the session that signs has MFA; None if a program or the environment gave it."""
    match before:
        case SessionToken():
            return before.mfa_serial is not None
        case AssumeRole():
            return False
        case FetchSource():
            return False if isinstance(before.source, WebIdentity) else None
        case None:
            return None if isinstance(source, StaticKeys) and source.token is not None else False
