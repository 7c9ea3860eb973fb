"""Every profile at a glance, for list and status: where it leads, by which source, and until when its session lives.

Reads AWS's files and the session cache; calls nobody. A profile that does not resolve is a line with its trouble.
"""

from __future__ import annotations

from typing import NamedTuple

from vault import errors
from vault.credentials import cached
from vault.inspect import explain_text
from vault.inspect.which import end_of
from vault.profiles import aws_files
from vault.profiles.chain import AssumeRole, SessionToken, VaultKey
from vault.profiles.resolve import resolve
from vault.unlocking import cache_key
from vault.unlocking.manual_lock import locked_by_hand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.cache.entries import Cache
    from vault.context import Context
    from vault.profiles.aws_files import Config
    from vault.profiles.chain import Chain, Link
    from vault.secret import CacheKey
    from vault.unlocking.inventory import Contents
    from vault.unlocking.keys import Keys, SourceKey


class ProfileRow(NamedTuple):
    """A profile. ``account`` is 12 digits, ``identity`` the ARN of its role or user; None where the files do not tell.

    ``source`` is the vault entry's name, or the kind of another source; ``expires`` (unix seconds) the end of the
    session that is held for it; ``problem`` says why it does not resolve.
    """

    profile: str
    account: str | None = None
    identity: str | None = None
    source: str | None = None
    environment: str | None = None
    expires: int | None = None
    problem: str | None = None


class OnDisk(NamedTuple):
    """A session that an export would find on disk, and ask AWS for nothing. Times are unix seconds."""

    profile: str
    issued: int
    expires: int


def lines(context: Context, keys: Keys, found: Contents) -> list[ProfileRow]:
    """Every profile of AWS's files, in their order. ConfigError where a file is broken."""
    config = aws_files.load(context.env, home=context.paths.home)
    once, cache = EachEntryOnce(keys), cached.open_cache(context, keys)
    owners = {entry.name: (entry.account, entry.user) for entry in found.entries}
    return [_line(context, once, config, name, owners=owners, cache=cache) for name in config.profiles]


class EachEntryOnce:
    """Keys as far as the names of sessions need them, each entry asked for once: ten thousand profiles share few keys."""

    def __init__(self, keys: Keys) -> None:
        self.vault_id = keys.vault_id
        self.has_entry = keys.has_entry
        self._entry = keys.entry
        self._known: dict[str, SourceKey | None] = {}

    def entry(self, name: str) -> SourceKey | None:
        if name not in self._known:
            self._known[name] = self._entry(name)
        return self._known[name]


def _line(
    context: Context,
    keys: EachEntryOnce,
    config: Config,
    name: str,
    *,
    owners: dict[str, tuple[str | None, str | None]],
    cache: Cache,
) -> ProfileRow:
    try:
        chain = resolve(config, name, env=context.env, has_entry=keys.has_entry)
        expires = _expires(context, keys, chain, cache=cache)
    except (errors.ConfigError, errors.NotFound) as error:
        return ProfileRow(name, problem=error.message)
    end = end_of(chain)
    account, identity = end.account, end.identity
    source = str(explain_text.source_item(chain.source)["type"])
    if isinstance(chain.source, VaultKey):
        source = chain.source.entry
        if not chain.hops and source in owners:
            account = owners[source][0] or account
            user = owners[source][1]
            identity = (
                f"arn:aws:iam::{account}:user/{user}" if account and user and not identity else identity
            )
    return ProfileRow(name, account, identity, source, chain.guardrails.environment, expires)


def _expires(context: Context, keys: EachEntryOnce, chain: Chain, *, cache: Cache) -> int | None:
    now = context.clock.time()
    ends = [
        found.expires
        for found in map(cache.get, _answers(cached.links_of(context, keys, chain), chain))
        if found is not None and found.expires > now
    ]
    return max(ends, default=None)


def _answers(links: list[tuple[Link, bytes]], chain: Chain) -> list[bytes]:
    """The names of the sessions that are the profile's own answer, by either way."""
    if not chain.hops:
        return [name for link, name in links if isinstance(link, SessionToken)]
    return [name for link, name in links if isinstance(link, AssumeRole) and link.hop == chain.hops[-1]]


def on_disk(context: Context, key: CacheKey | None) -> Iterator[OnDisk]:
    """The sessions that an export would find there under the cache's ``key``; None: the key that is at hand without an
    open vault and without a question. None where that is not, or AWS's files are broken.
    """
    from vault.cache.entries import Cache
    from vault.cache.freshness import Freshness
    from vault.system.paths import fingerprint

    if key is None and not locked_by_hand(context.paths):
        key = cache_key.find(context.env, context.paths)
    if key is None:
        return
    try:
        names = aws_files.load(context.env, home=context.paths.home).profiles
    except errors.ConfigError:
        return
    cache = Cache.open(context.paths.sessions, cache_key=key.key, vault_id=key.vault_id)
    before = fingerprint(context.env, paths=context.paths)
    for name in names:
        digest = cache.alias(name, before)
        session = cache.get(digest) if digest is not None else None
        if session is not None and session.freshness(context.clock.time()) is not Freshness.EXPIRED:
            yield OnDisk(name, session.issued, session.expires)
