"""Makes the next export answer without AWS: by an alias in the cache, and by the agent. Prints nothing."""

from __future__ import annotations

from vault.unlocking.key_handover import hand_to_agent, may_stay_open, start_in_background

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.agent.client import Agent
    from vault.cache.entries import Cache
    from vault.context import Context
    from vault.credentials.issued import Issued
    from vault.unlocking.key_access import KeysAccess


def remember(context: Context, access: KeysAccess, issued: Issued) -> None:
    """Remember the answer, and let the agent keep the vault unlocked if this run allows that.

    Uses the profile's full name: a prefix that the user typed is never remembered.
    """
    from vault.credentials.cached import open_cache

    with open_cache(context, access.keys) as cache:
        on_disk(cache, issued)
    in_agent(context, access, issued)


def on_disk(cache: Cache, issued: Issued) -> None:
    """Let the next export of the profile find this answer without reading any configuration."""
    if issued.remember is not None and issued.digest is not None and issued.expires is not None:
        cache.put_alias(issued.chain.profile, issued.remember, issued.digest, expires=issued.expires)


def in_agent(context: Context, access: KeysAccess, issued: Issued) -> None:
    """Let the agent answer the next export. Starts one in the background if needed."""
    opened, way = access.opened, access.way
    agent = context.agent.agent(again=True)  # another process may have started one
    if agent is None:
        if opened is not None:
            start_in_background(context, opened, way=way, then=lambda agent: _put(agent, issued))
        return
    if opened is not None:
        agent = hand_to_agent(context, opened) if may_stay_open(way) else None
    if agent is not None:
        _put(agent, issued)


def _put(agent: Agent, issued: Issued) -> None:
    if issued.remember is not None and issued.issued is not None and issued.expires is not None:
        from vault.credentials.profile_metadata import metadata_of

        body = issued.line + metadata_of(issued).encode()  # both are kept: one for an export, one for an exec
        agent.put_session(
            issued.chain.profile, issued.remember, body, issued=issued.issued, expires=issued.expires
        )
    if issued.agreed is not None:
        agent.ask("CONFIRM", what=issued.agreed)
