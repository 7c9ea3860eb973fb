"""The cached sessions of a profile: which ones there are, and when they expire. Calls nothing.

A session's name is a digest of what decides it, so finding one takes the configuration and an unlocked vault. A session
that was fetched with --duration has another name and is found only with the same --duration.
"""

from __future__ import annotations

from vault.cache.entries import Cache
from vault.credentials.fallback import was_shortened
from vault.credentials.planned import chain_of, planned
from vault.errors import ConfigError, NotFound
from vault.profiles.chain import AssumeRole
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.cache.entries import Cached
    from vault.context import Context
    from vault.credentials.planned import KnownKeys
    from vault.profiles.aws_files import Config
    from vault.profiles.chain import Chain, Link
    from vault.unlocking.keys import Keys


class CachedLink(NamedTuple):
    """A link of a profile's chain, the name of its session in the cache, and the session if one is cached."""

    link: Link
    digest: bytes
    session: Cached | None


class ShortenedRole(NamedTuple):
    """A role session shortened to one hour, because no MFA code was available for the full duration. Times are Unix seconds."""

    profile: str
    expires: int
    wanted: int


def open_cache(context: Context, keys: Keys) -> Cache:
    """The session cache of an unlocked vault."""
    return Cache.open(context.paths.sessions, cache_key=keys.cache_key, vault_id=keys.vault_id)


def links_of(context: Context, keys: KnownKeys, chain: Chain) -> list[tuple[Link, bytes]]:
    """Each link that an export may use, by the plan or its fallback, with the name of its session. The plan's come first."""
    found: dict[bytes, Link] = {}
    for alternative in planned(context, chain, keys).alternatives():
        for link, name in alternative:
            found.setdefault(name, link)
    return [(link, name) for name, link in found.items()]


def shortened(context: Context, keys: KnownKeys, config: Config, *, cache: Cache) -> list[ShortenedRole]:
    """The profiles whose role session came through the key's MFA session and is still served from the cache."""
    now = context.clock.time()
    found = []
    for name in config.profiles:
        try:
            alternatives = planned(context, chain_of(context, config, name, keys), keys).alternatives()
        except (ConfigError, NotFound):
            continue
        if len(alternatives) < 2:
            continue
        (link, own), (_, through) = alternatives[0][-1], alternatives[1][-1]
        long, short = cache.get(own), cache.get(through)
        over = long is None or long.expires <= now
        if not was_shortened(cache, own, through):
            continue  # another profile shortened the same role
        if isinstance(link, AssumeRole) and short is not None and short.expires > now and over:
            found.append(ShortenedRole(name, short.expires, link.duration))
    return found


def sessions_of(
    context: Context, keys: Keys, config: Config, profile: str, *, cache: Cache
) -> list[CachedLink]:
    """The links of ``profile`` and their cached sessions. Errors: NotFound, ConfigError."""
    chain = chain_of(context, config, profile, keys)
    return [CachedLink(link, name, cache.get(name)) for link, name in links_of(context, keys, chain)]
