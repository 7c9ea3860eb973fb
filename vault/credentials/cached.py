"""The sessions that are held for a profile: which they are, how long they live, and forgetting them. Calls nothing.

A session is named by what decides it, so finding one takes the configuration and an unlocked vault. One that was asked
for with a --duration of its own has another name and is found only under that.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, Protocol

from vault.credentials import obtain
from vault.errors import ConfigError, NotFound
from vault.profiles.chain import AssumeRole, StaticKeys, VaultKey
from vault.profiles.digest import digest
from vault.profiles.plan import plan
from vault.profiles.resolve import resolve
from vault.store import vault
from vault.unlocking import cache_key, log_key
from vault.unlocking.all_agents import drop_sessions, replace_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.cache.entries import Cache, Cached
    from vault.context import Context
    from vault.profiles.aws_files import Config
    from vault.profiles.chain import Chain, Link
    from vault.store.vault import Opened, Payload
    from vault.unlocking.keys import Keys, SourceKey


class Held(NamedTuple):
    """A link of a profile's chain, the name of its session, and the session where one is held."""

    link: Link
    digest: bytes
    session: Cached | None


class Names(Protocol):
    """What the name of a session takes of an unlocked vault."""

    @property
    def vault_id(self) -> bytes:
        """The vault's 16 bytes."""

    def has_entry(self, name: str) -> bool:
        """Whether the vault holds a key of this name."""

    def entry(self, name: str) -> SourceKey | None:
        """The key of this name."""


def ways_of(context: Context, keys: Names, chain: Chain) -> list[list[tuple[Link, bytes]]]:
    """The links of each way that an export of the chain may take, with their sessions' names; the first way first."""
    entry = keys.entry(chain.source.entry) if isinstance(chain.source, VaultKey) else None
    if entry is None and isinstance(chain.source, VaultKey):
        return []
    key_id = entry.credentials.access_key_id if entry is not None else None
    if isinstance(chain.source, StaticKeys):
        key_id = chain.source.access_key_id
    planned = plan(chain, context.settings, entry_mfa_serial=entry.mfa_serial if entry is not None else None)

    def name(links: tuple[Link, ...]) -> bytes:
        return digest(chain.source, links, vault_id=keys.vault_id, access_key_id=key_id)

    return [
        [(link, name(links[: at + 1])) for at, link in enumerate(links)]
        for links in (planned.links, planned.fallback or ())
        if links
    ]


def links_of(context: Context, keys: Names, chain: Chain) -> list[tuple[Link, bytes]]:
    """Every link of every way, once; the way that is taken first, first."""
    found: dict[bytes, Link] = {}
    for way in ways_of(context, keys, chain):
        for link, name in way:
            found.setdefault(name, link)
    return [(link, name) for name, link in found.items()]


class ShortenedRole(NamedTuple):
    """A role that was given for an hour, since no code could be had for its own duration. Times are unix seconds."""

    profile: str
    expires: int
    wanted: int


def shortened(context: Context, keys: Names, config: Config, *, cache: Cache) -> list[ShortenedRole]:
    """The profiles whose role was given through the key's session and is still served as that."""
    now = context.clock.time()
    found = []
    for name in config.profiles:
        try:
            chain = resolve(config, name, env=context.env, has_entry=keys.has_entry)
            if len(ways := ways_of(context, keys, chain)) < 2:
                continue
        except (ConfigError, NotFound):
            continue
        (link, own), (_, through) = ways[0][-1], ways[1][-1]
        long, short = cache.get(own), cache.get(through)
        over = long is None or long.expires <= now
        if not obtain.given_short(cache, own, through):
            continue  # another profile's hour of the same role
        if isinstance(link, AssumeRole) and short is not None and short.expires > now and over:
            found.append(ShortenedRole(name, short.expires, link.duration))
    return found


def held(context: Context, keys: Keys, config: Config, profile: str, *, cache: Cache) -> list[Held]:
    """The links of ``profile`` and their sessions. NotFound, ConfigError."""
    chain = resolve(config, profile, env=context.env, has_entry=keys.has_entry)
    return [Held(link, name, cache.get(name)) for link, name in links_of(context, keys, chain)]


def forget_profile(context: Context, keys: Keys, config: Config, profile: str) -> int:
    """Forget every session of the profile's chain, here and in the agent; how many there were. NotFound, ConfigError."""
    cache = obtain.open_cache(context, keys)
    gone = sum(cache.forget(item.digest) for item in held(context, keys, config, profile, cache=cache))
    return gone + drop_sessions(context, profile)


def forget_files(context: Context) -> int:
    """Delete every session file and what the agent and the kernel hold; how many sessions' files went. Needs no key."""
    from vault.cache.entries import Cache
    from vault.secret import Secret

    try:
        return Cache.open(context.paths.sessions, cache_key=Secret(bytes(32)), vault_id=bytes(16)).wipe()
    finally:  # what holds them in memory forgets them, even where a file would not go
        drop_sessions(context, "")
        cache_key.forget(context.paths)


def renew_cache_key(context: Context, opened: Opened) -> Opened:
    """A new cache key, so that a copy of the files made before can no longer be read with a key got since."""
    fresh = vault.new_key()

    def change(payload: Payload) -> Payload:
        return replace(payload, cache_key=fresh)

    def write() -> Opened:
        after = vault.edit(
            context.paths, opened.k_main, change, clock=context.clock, deadline=context.new_deadline()
        )
        replace_keys(context, after)
        return after

    after, _ = log_key.carried(
        context, old=opened.cache_key, new=fresh, vault_id=opened.vault_id, write=write, refuse=True
    )
    return after
