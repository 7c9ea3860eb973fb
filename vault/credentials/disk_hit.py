"""The disk hit: a profile's session from the cache, with no vault opened, no configuration parsed and nobody asked.

Imports neither boto3, keyring, click nor argon2. Whatever is not exactly right is no hit.
"""

from __future__ import annotations

import os
import time

from vault.cache.entries import Cache
from vault.cache.freshness import Freshness
from vault.records import NamedTuple
from vault.system.paths import fingerprint
from vault.unlocking import cache_key
from vault.unlocking.manual_lock import locked_by_hand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.agent.link import AgentLink
    from vault.secret import CacheKey
    from vault.system.paths import Paths


class Hit(NamedTuple):
    """The line to print, whether this process is to renew the session beside it, and what the agent keeps it under.

    ``asker`` is the process that ran us, and ``paths`` the places: a detached process would see others.
    """

    line: bytes
    renew: bool
    profile: str
    fingerprint: bytes
    issued: int
    expires: int
    key: CacheKey
    asker: str
    paths: Paths


def find(env: Mapping[str, str], paths: Paths, profile: str, agent: AgentLink) -> Hit | None:
    """The session that the cache has for ``profile`` under the configuration of now; None where there is none."""
    if locked_by_hand(paths):
        return None
    before = fingerprint(env, paths=paths)
    key = cache_key.find(env, paths, agent)
    if key is None:
        return None
    cache = Cache.open(paths.sessions, cache_key=key.key, vault_id=key.vault_id)
    digest = cache.alias(profile, before)
    found = cache.get(digest) if digest is not None else None
    if digest is None or found is None:
        return None
    freshness = found.freshness(time.time())
    if freshness not in (Freshness.FRESH, Freshness.REFRESH_AHEAD):
        return None
    renew = freshness is Freshness.REFRESH_AHEAD and _ours_to_renew(cache, digest)
    return Hit(found.body, renew, profile, before, found.issued, found.expires, key, str(os.getppid()), paths)


def log(hit: Hit, *, wait: float) -> None:
    """Note in the log what is printed, unless config.toml says not to; ``wait`` seconds for others that write there."""
    from vault import settings
    from vault.credentials import audit

    if settings.wants_log(hit.paths.config_toml):
        audit.from_cache(
            hit.paths.log, cache_key=hit.key.key, vault_id=hit.key.vault_id, profile=hit.profile, line=hit.line,
            expires=hit.expires, asker=hit.asker, wait=wait,
        )  # fmt: skip


def tell_agent(link: AgentLink, hit: Hit) -> None:
    """Let a running agent that is open answer next time."""
    agent = link.agent()
    if agent is not None:
        agent.put_session(hit.profile, hit.fingerprint, hit.line, issued=hit.issued, expires=hit.expires)


def _ours_to_renew(cache: Cache, digest: bytes) -> bool:
    """Whether nobody renews it right now. The lock is let go again: the renewal takes it for itself."""
    held = cache.try_lock(digest)
    if held is None:
        return False
    held.release()
    return True
