"""Who a role session is named after: ``auto`` as a session name or source identity stands for the IAM user. Pure."""

from __future__ import annotations

from vault.profiles.chain import WebIdentity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.profiles.chain import Chain, Hop

AUTO = "auto"
_LEAST = 2  # characters that STS requires


def attributed(chain: Chain, *, user: str | None, fallback: str) -> Chain:
    """``chain`` with a name for each ``auto``: the IAM user's, or ``fallback`` if it is unknown or too short for STS.

    A trust policy can then require sts:RoleSessionName = ${aws:username}.
    """
    source = chain.source
    if isinstance(source, WebIdentity) and source.role_session_name == AUTO:  # nobody knows whose token it is
        chain = chain._replace(source=source._replace(role_session_name=fallback))
    if not any(AUTO in (hop.role_session_name, hop.source_identity) for hop in chain.hops):
        return chain
    name = user if user is not None and len(user) >= _LEAST else fallback
    return chain._replace(hops=tuple(_named(hop, name) for hop in chain.hops))


def _named(hop: Hop, name: str) -> Hop:
    return hop._replace(
        role_session_name=name if hop.role_session_name == AUTO else hop.role_session_name,
        source_identity=name if hop.source_identity == AUTO else hop.source_identity,
    )
