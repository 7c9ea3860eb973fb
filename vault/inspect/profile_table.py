"""The table of profiles for ``list`` and ``status``: account, role or user, source, and when the session expires.

Reads AWS's files and the session cache, and makes no network calls. The row of a profile that does not resolve says why.
"""

from __future__ import annotations

from vault import errors
from vault.credentials import cached
from vault.inspect.chain_json import source_item
from vault.inspect.sign_ins import SignInLookup
from vault.inspect.which import end_of
from vault.profiles import aws_files
from vault.profiles.chain import AssumeRole, FetchSource, SessionToken, Sso, StaticKeys, VaultKey
from vault.profiles.resolve import resolve
from vault.records import NamedTuple
from vault.signin import needed
from vault.unlocking import cache_key
from vault.unlocking.manual_lock import manually_locked

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
    """A profile. ``account`` is 12 digits, ``identity`` the ARN of its role or user; None if the files do not say.

    ``source`` is the name of the entry, or the kind of another source; ``expires`` (Unix seconds) is the expiry of the
    cached session; ``problem`` says why the profile does not resolve; ``plaintext``: its key is in AWS's files. ``sign_in`` is the
    name of the sso-session, if the source has one; ``signed_out``: an export would not find a sign-in.
    """

    profile: str
    account: str | None = None
    identity: str | None = None
    source: str | None = None
    environment: str | None = None
    expires: int | None = None
    problem: str | None = None
    plaintext: bool = False
    sign_in: str | None = None
    signed_out: bool = False


class SessionOnDisk(NamedTuple):
    """A session on disk that an export would use. Times are Unix seconds."""

    profile: str
    issued: int
    expires: int


def rows(context: Context, keys: Keys | None, found: Contents) -> list[ProfileRow]:
    """A row for every profile, in the order of AWS's files. ``keys``: None without a vault. ConfigError if a file has an error."""
    config = aws_files.load(context.env, home=context.paths.home)
    sign_ins = SignInLookup(context, keys)
    once = EachEntryOnce(keys) if keys is not None else None
    cache = cached.open_cache(context, keys) if keys is not None else None
    owners = {entry.name: (entry.account, entry.user) for entry in found.entries}
    return [
        _row(context, once, config, name, owners=owners, cache=cache, sign_ins=sign_ins)
        for name in config.profiles
    ]


class EachEntryOnce:
    """The part of Keys that is needed to find cached sessions. Reads each entry once, because many profiles share few keys."""

    def __init__(self, keys: Keys) -> None:
        self.vault_id = keys.vault_id
        self.has_entry = keys.has_entry
        self._entry = keys.entry
        self._known: dict[str, SourceKey | None] = {}

    def entry(self, name: str) -> SourceKey | None:
        if name not in self._known:
            self._known[name] = self._entry(name)
        return self._known[name]


def _row(
    context: Context,
    keys: EachEntryOnce | None,
    config: Config,
    name: str,
    *,
    owners: dict[str, tuple[str | None, str | None]],
    cache: Cache | None,
    sign_ins: SignInLookup,
) -> ProfileRow:
    try:
        if keys is not None and cache is not None:
            chain = resolve(config, name, env=context.env, has_entry=keys.has_entry)
            expires = _expires(context, keys, chain, cache=cache)
        else:
            chain, expires = needed.chain_without_vault(config, name, env=context.env), None
    except (errors.ConfigError, errors.NotFound) as error:
        return ProfileRow(name, problem=error.message)
    end = end_of(chain)
    account, identity = end.account, end.identity
    source = str(source_item(chain.source)["type"])
    if isinstance(chain.source, VaultKey):
        source = chain.source.entry
        if not chain.hops and source in owners:
            account = owners[source][0] or account
            user = owners[source][1]
            identity = (
                f"arn:aws:iam::{account}:user/{user}" if account and user and not identity else identity
            )
    plaintext = isinstance(chain.source, StaticKeys) and not chain.hops
    row = ProfileRow(
        name, account, identity, source, chain.guardrails.environment, expires, plaintext=plaintext
    )
    if isinstance(chain.source, Sso):
        row = row._replace(sign_in=chain.source.session, signed_out=not sign_ins.of(chain.source).by)
    return row


def _expires(context: Context, keys: EachEntryOnce, chain: Chain, *, cache: Cache) -> int | None:
    now = context.clock.time()
    ends = [
        found.expires
        for found in map(cache.get, _answers(cached.links_of(context, keys, chain), chain))
        if found is not None and found.expires > now
    ]
    return max(ends, default=None)


def _answers(links: list[tuple[Link, bytes]], chain: Chain) -> list[bytes]:
    """The digests of the links whose session belongs to the profile itself, in the plan and in its fallback."""
    if not chain.hops:
        return [name for link, name in links if isinstance(link, SessionToken | FetchSource)]
    return [name for link, name in links if isinstance(link, AssumeRole) and link.hop == chain.hops[-1]]


def on_disk(context: Context, key: CacheKey | None) -> Iterator[SessionOnDisk]:
    """Yield the sessions that an export would find on disk with the cache key ``key``.

    If ``key`` is None, uses the cache key that is available without a prompt. Yields nothing if there is none, or if AWS's
    files have an error.
    """
    from vault.cache.entries import Cache
    from vault.cache.freshness import Freshness
    from vault.system.paths import fingerprint

    if key is None and not manually_locked(context.paths):
        key = cache_key.find(context.env, context.paths, context.agent)
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
            yield SessionOnDisk(name, session.issued, session.expires)
