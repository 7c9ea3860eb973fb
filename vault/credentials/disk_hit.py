"""The disk hit: a profile's session from the cache, without opening the vault, parsing the configuration or prompting.

Imports neither boto3, keyring, click nor argon2. Whatever is not exactly right is a cache miss.
"""

from __future__ import annotations

import os
import time

from vault.cache.entries import Cache
from vault.cache.freshness import Freshness
from vault.records import NamedTuple
from vault.system.paths import fingerprint
from vault.unlocking import cache_key
from vault.unlocking.manual_lock import manually_locked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.agent.link import AgentLink
    from vault.secret import CacheKey
    from vault.system.paths import Paths


class Hit(NamedTuple):
    """The line to print, whether this process should refresh the session in the background, and what the agent caches.

    ``asker`` is the process that ran awsvault-py. ``paths`` is kept because a detached process would find other paths.
    """

    line: bytes
    refresh_ahead: bool
    profile: str
    fingerprint: bytes
    issued: int
    expires: int
    key: CacheKey
    asker: str
    paths: Paths


def find(env: Mapping[str, str], paths: Paths, profile: str, agent: AgentLink) -> Hit | None:
    """The cached session for ``profile`` under the current configuration; None if there is none."""
    if manually_locked(paths):
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
    refresh_ahead = freshness is Freshness.REFRESH_AHEAD and _no_refresh_in_progress(cache, digest)
    return Hit(
        found.body, refresh_ahead, profile, before, found.issued, found.expires, key, str(os.getppid()), paths
    )


def log(hit: Hit, *, wait: float) -> None:
    """Log what is printed, unless config.toml turns the log off. Waits at most ``wait`` seconds for other writers."""
    from vault import settings
    from vault.credentials import audit

    if settings.wants_log(hit.paths.config_toml):
        audit.log_disk_hit(
            hit.paths.log, cache_key=hit.key.key, vault_id=hit.key.vault_id, profile=hit.profile, line=hit.line,
            expires=hit.expires, asker=hit.asker, wait=wait,
        )  # fmt: skip


def tell_agent(link: AgentLink, hit: Hit) -> None:
    """Let a running, unlocked agent answer the next export."""
    agent = link.agent()
    if agent is not None:
        agent.put_session(hit.profile, hit.fingerprint, hit.line, issued=hit.issued, expires=hit.expires)


def _no_refresh_in_progress(cache: Cache, digest: bytes) -> bool:
    """Whether no other process is refreshing the session now. Releases the lock: the refresh takes it itself."""
    lock = cache.try_lock(digest)
    if lock is None:
        return False
    lock.release()
    return True
