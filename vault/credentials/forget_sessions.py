"""Deletes cached sessions: a profile's, all of them, or all that an old cache key can open. Calls nothing."""

from __future__ import annotations

from vault import errors
from vault.credentials.cached import links_of, open_cache, sessions_of
from vault.credentials.planned import chain_of
from vault.errors import ConfigError, NotFound
from vault.frozen import replace
from vault.profiles import aws_files
from vault.profiles.chain import Sso, VaultKey
from vault.profiles.resolve import resolve
from vault.signin.record import SignInPlace
from vault.store import vault
from vault.system.paths import fingerprint
from vault.unlocking import cache_key, log_key
from vault.unlocking.all_agents import drop_sessions, replace_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from vault.context import Context
    from vault.profiles.aws_files import Config
    from vault.store.vault import Opened, Payload
    from vault.unlocking.keys import Keys


def forget_profile(context: Context, keys: Keys, config: Config, profile: str) -> int:
    """Delete every session of the profile's chain, here and in the agent; returns how many. Errors: NotFound, ConfigError."""
    cache = open_cache(context, keys)
    gone = sum(cache.forget(one.digest) for one in sessions_of(context, keys, config, profile, cache=cache))
    return gone + drop_sessions(context, profile)


def forget_sign_in(context: Context, keys: Keys, config: Config, place: SignInPlace) -> int:
    """Delete the sessions of every profile that signs in at this place; returns how many. Errors: StorageError, UnsafeFile.

    A session's name does not tell its place, the config may have changed since, and options give sessions other names. So all
    files are deleted but the sessions of the other profiles. The agent drops all that it has: its answers are by profile.
    """
    cache, gone, now = open_cache(context, keys), 0, fingerprint(context.env, paths=context.paths)
    others: set[bytes] = set()
    aliases: list[tuple[str, bytes]] = []
    for profile in config.profiles:
        try:
            chain = chain_of(context, config, profile, keys)
            digests = [digest for _, digest in links_of(context, keys, chain)]
        except (ConfigError, NotFound):
            continue
        if isinstance(chain.source, Sso) and SignInPlace.of(chain.source) == place:
            gone += sum(map(cache.forget, digests))
        else:
            others.update(digests)
            aliases.append((profile, now))
    cache.wipe(but=others, aliases=aliases)
    drop_sessions(context, "")
    return gone


def forget_replaced(context: Context, entries: Collection[str]) -> None:
    """Make the agents forget the sessions of the keys that ``entries`` had: no export uses them, so status must not show them."""
    try:
        config = aws_files.load(context.env, home=context.paths.home)
    except ConfigError:  # every export reports it
        return
    drop_sessions(context, *(name for name in config.profiles if _source(context, config, name) in entries))


def _source(context: Context, config: Config, profile: str) -> str | None:
    """The entry at the start of the profile's chain, whether or not the vault still has it."""
    try:
        source = resolve(config, profile, env=context.env, has_entry=lambda _: True).source
    except errors.Error:
        return None
    return source.entry if isinstance(source, VaultKey) else None


def forget_files(context: Context) -> int:
    """Delete every session file and what the agent and the kernel keyring have; returns how many files. Needs no key."""
    from vault.cache.entries import Cache
    from vault.secret import Secret

    try:
        return Cache.open(context.paths.sessions, cache_key=Secret(bytes(32)), vault_id=bytes(16)).wipe()
    finally:  # the agent and the kernel keyring forget theirs even if a file could not be deleted
        drop_sessions(context, "")
        cache_key.forget(context.paths)


def replace_cache_key(context: Context, opened: Opened) -> Opened:
    """Give the vault a new cache key, so that a key obtained later cannot read a copy of the session files made before."""
    fresh = vault.new_key()

    def change(payload: Payload) -> Payload:
        return replace(payload, cache_key=fresh)

    def write() -> Opened:
        after = vault.edit(
            context.paths, opened.k_main, change, clock=context.clock, deadline=context.new_deadline()
        )
        replace_keys(context, after)
        return after

    after, _ = log_key.carry_over(
        context, old=opened.cache_key, new=fresh, vault_id=opened.vault_id, write=write, refuse=True
    )
    return after
