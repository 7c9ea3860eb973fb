"""The cached sessions of a profile: which they are, and until when. Calls nobody.

A session is named by what decides it, so finding one takes the configuration and an unlocked vault. One that was asked
for with its own --duration has another name and is found only under that.
"""

from __future__ import annotations

from typing import NamedTuple

from vault.cache.entries import Cache
from vault.credentials.fallback import given_short
from vault.credentials.planned import chain_of, planned
from vault.errors import ConfigError, NotFound
from vault.profiles.chain import AssumeRole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.cache.entries import Cached
    from vault.context import Context
    from vault.credentials.planned import KnownKeys
    from vault.profiles.aws_files import Config
    from vault.profiles.chain import Chain, Link
    from vault.unlocking.keys import Keys


class CachedLink(NamedTuple):
    """A link of a profile's chain, the name of its session, and the session where one is cached."""

    link: Link
    digest: bytes
    session: Cached | None


class ShortenedRole(NamedTuple):
    """A role that was given for an hour, since no code could be had for its own duration. Times are Unix seconds."""

    profile: str
    expires: int
    wanted: int


def open_cache(context: Context, keys: Keys) -> Cache:
    """The session cache of an unlocked vault."""
    return Cache.open(context.paths.sessions, cache_key=keys.cache_key, vault_id=keys.vault_id)


def links_of(context: Context, keys: KnownKeys, chain: Chain) -> list[tuple[Link, bytes]]:
    """Every link of every way that an export may take, once, with its session's name; the first way's first."""
    found: dict[bytes, Link] = {}
    for way in planned(context, chain, keys).ways():
        for link, name in way:
            found.setdefault(name, link)
    return [(link, name) for name, link in found.items()]


def shortened(context: Context, keys: KnownKeys, config: Config, *, cache: Cache) -> list[ShortenedRole]:
    """The profiles whose role was given through the key's session and is still served as that."""
    now = context.clock.time()
    found = []
    for name in config.profiles:
        try:
            ways = planned(context, chain_of(context, config, name, keys), keys).ways()
        except (ConfigError, NotFound):
            continue
        if len(ways) < 2:
            continue
        (link, own), (_, through) = ways[0][-1], ways[1][-1]
        long, short = cache.get(own), cache.get(through)
        over = long is None or long.expires <= now
        if not given_short(cache, own, through):
            continue  # another profile's hour of the same role
        if isinstance(link, AssumeRole) and short is not None and short.expires > now and over:
            found.append(ShortenedRole(name, short.expires, link.duration))
    return found


def sessions_of(
    context: Context, keys: Keys, config: Config, profile: str, *, cache: Cache
) -> list[CachedLink]:
    """The links of ``profile`` and their sessions. NotFound, ConfigError."""
    chain = chain_of(context, config, profile, keys)
    return [CachedLink(link, name, cache.get(name)) for link, name in links_of(context, keys, chain)]
