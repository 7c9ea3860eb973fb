"""From a profile's name to the calls that get its credentials, and to the names of their sessions in the cache.

Everything that resolves a profile uses this: exports, `list`, `explain`, `clear`, `rotate`. Calls nothing.
"""

from __future__ import annotations

from vault.aws.credentials import Credentials
from vault.credentials.session_name import default_session_name
from vault.profiles import aws_files
from vault.profiles.attribution import attributed
from vault.profiles.chain import StaticKeys, VaultKey
from vault.profiles.digest import digest
from vault.profiles.plan import plan
from vault.profiles.resolve import resolve
from vault.records import NamedTuple, Protocol
from vault.system.settled import to_keep_under

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.profiles.aws_files import Config
    from vault.profiles.chain import Chain, Link, Plan
    from vault.unlocking.keys import SourceKey


class LoadedProfiles(NamedTuple):
    """AWS's files as they were read, and the fingerprint of everything that decides an answer, taken before.

    ``before`` is None if a file had changed just then: nothing may be remembered under that fingerprint.
    """

    config: Config
    before: bytes | None


class KnownKeys(Protocol):
    """What a plan needs of an unlocked vault (vault/unlocking/keys)."""

    @property
    def vault_id(self) -> bytes:
        """The vault's 16 bytes."""

    def has_entry(self, name: str) -> bool:
        """Whether the vault holds a key of this name."""

    def entry(self, name: str) -> SourceKey | None:
        """The key of this name."""


class PlannedChain(NamedTuple):
    """A chain, its calls, and the key that signs the first one.

    ``key`` is None if the source has none, or the vault lacks it. ``account`` is the key's account, if known.
    """

    chain: Chain
    plan: Plan
    vault_id: bytes
    key: Credentials | None
    account: str | None

    @property
    def lacks_key(self) -> bool:
        """Whether the chain starts with a key that should be in the vault but is not."""
        return self.key is None and isinstance(self.chain.source, VaultKey)

    def digests(self, links: tuple[Link, ...], *, key_id: str | None = None) -> list[bytes]:
        """The name of each link's session in the cache. ``key_id``: compute them as if this key signed the first link."""
        signer = key_id or (self.key.access_key_id if self.key is not None else None)
        return [
            digest(self.chain.source, links[: at + 1], vault_id=self.vault_id, access_key_id=signer)
            for at in range(len(links))
        ]

    def alternatives(self, *, key_id: str | None = None) -> list[list[tuple[Link, bytes]]]:
        """The links of the plan, then those of its fallback, each with the name of its session."""
        if self.lacks_key:
            return []
        return [
            list(zip(links, self.digests(links, key_id=key_id), strict=True))
            for links in (self.plan.links, self.plan.fallback or ())
            if links
        ]


def load(context: Context) -> LoadedProfiles:
    """Read AWS's files. ConfigError with file and line."""
    before = to_keep_under(context.env, paths=context.paths, clock=context.clock)
    return LoadedProfiles(aws_files.load(context.env, home=context.paths.home), before)


def chain_of(context: Context, config: Config, profile: str, keys: KnownKeys) -> Chain:
    """The chain of ``profile``. Errors: NotFound, ConfigError."""
    return resolve(config, profile, env=context.env, has_entry=keys.has_entry)


def planned(
    context: Context, chain: Chain, keys: KnownKeys, *, duration: int | None = None, session: bool = True
) -> PlannedChain:
    """The calls of ``chain``. ``duration`` and ``session`` as in vault/profiles/plan."""
    source = chain.source
    entry = keys.entry(source.entry) if isinstance(source, VaultKey) else None
    key, account = (entry.credentials, entry.account) if entry is not None else (None, None)
    if isinstance(source, StaticKeys):
        key, account = Credentials(source.access_key_id, source.secret, source.token), source.account_id
    serial = entry.mfa_serial if entry is not None else None
    user = entry.user if entry is not None else None
    chain = attributed(chain, user=user, fallback=default_session_name(context.env))
    calls = plan(chain, context.settings, entry_mfa_serial=serial, duration=duration, session=session)
    return PlannedChain(chain, calls, keys.vault_id, key, account)
