"""From a profile's name to the calls that get its credentials, and to the names of their sessions in the cache.

Everything that resolves a profile goes this way: exports, `list`, `explain`, `clear`, `rotate`. Calls nobody.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from vault.aws.credentials import Credentials
from vault.profiles import aws_files
from vault.profiles.chain import StaticKeys, VaultKey
from vault.profiles.digest import digest
from vault.profiles.plan import plan
from vault.profiles.resolve import resolve
from vault.system.settled import to_keep_under

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.profiles.aws_files import Config
    from vault.profiles.chain import Chain, Link, Plan
    from vault.unlocking.keys import SourceKey


class LoadedProfiles(NamedTuple):
    """AWS's files as they were read, and the fingerprint of everything that decides an answer, taken before.

    ``before`` is None where a file had just changed: nothing may be kept under that fingerprint.
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
    """A chain, the calls that it takes, and the key that signs the first one.

    ``key`` is None where the source has none, or the vault lacks it; ``account`` the key's, where it is known.
    """

    chain: Chain
    plan: Plan
    vault_id: bytes
    key: Credentials | None
    account: str | None

    @property
    def lacks_key(self) -> bool:
        """Whether the chain starts with a key of the vault that the vault does not hold."""
        return self.key is None and isinstance(self.chain.source, VaultKey)

    def digests(self, links: tuple[Link, ...], *, key_id: str | None = None) -> list[bytes]:
        """The name of each link's session in the cache. ``key_id``: as if another key signed the first."""
        signer = key_id or (self.key.access_key_id if self.key is not None else None)
        return [
            digest(self.chain.source, links[: at + 1], vault_id=self.vault_id, access_key_id=signer)
            for at in range(len(links))
        ]

    def ways(self, *, key_id: str | None = None) -> list[list[tuple[Link, bytes]]]:
        """The links of each way that an export may take, with their sessions' names; the first way first."""
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
    """The chain of ``profile``. NotFound, ConfigError."""
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
    calls = plan(chain, context.settings, entry_mfa_serial=serial, duration=duration, session=session)
    return PlannedChain(chain, calls, keys.vault_id, key, account)
