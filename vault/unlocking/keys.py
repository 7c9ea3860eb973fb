"""Keys: what an unlocked vault gives to a session, whoever holds it open. Decrypts; asks nobody and calls nothing.

Two kinds: a vault opened by this process, and (vault/unlocking/agent_link) one that the agent holds open. Neither hands out
the main key, and a stored seed leaves only as a code.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from vault.aws.credentials import Credentials
from vault.system.files import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.mfa.codes import Seed
    from vault.mfa.ledger import Code, Ledger
    from vault.secret import Secret
    from vault.store.vault import Opened
    from vault.system.clock import Clock, Deadline
    from vault.system.paths import Paths
    from vault.unlocking.inventory import Contents


class SourceKey(NamedTuple):
    """A source key of the vault: what signs, the device that its entry names, and its account (12 digits)."""

    credentials: Credentials
    mfa_serial: str | None
    account: str | None


class Keys(Protocol):
    """An unlocked vault, as far as sessions need it."""

    @property
    def vault_id(self) -> bytes:
        """The vault's 16 bytes."""

    @property
    def cache_key(self) -> Secret:
        """What sessions are sealed under."""

    def newest_cache_key(self) -> Secret:
        """The same as it is now: it may have been renewed since. Locked."""

    def has_entry(self, name: str) -> bool:
        """Whether the vault holds a key of this name."""

    def contents(self) -> Contents:
        """What may be shown of the vault: no secret is in it."""

    def entry(self, name: str) -> SourceKey | None:
        """The key of this name."""

    def take_code(
        self,
        serial: str,
        *,
        deadline: Deadline,
        most: float,
        skew: float = 0.0,
        after: int | None = None,
        waiting: Callable[[float], None] | None = None,
    ) -> Code | None:
        """A code of the stored seed by the ledger; None where no seed is stored. NoCodeInTime."""

    def note_code(self, serial: str, text: str, *, deadline: Deadline) -> Code:
        """A code that a person or a program gave, entered in the ledger. UsedCode."""


class OpenedKeys:
    """Keys of a vault that this process opened."""

    __slots__ = ("_clock", "_opened", "_paths", "strict")

    def __init__(self, opened: Opened, *, paths: Paths, clock: Clock, strict: Secret | None = None) -> None:
        self.strict = strict  # the key of the strict seeds, once somebody opened them
        self._opened = opened
        self._paths = paths
        self._clock = clock

    @property
    def opened(self) -> Opened:
        """The vault itself, for commands that change it."""
        return self._opened

    @property
    def vault_id(self) -> bytes:
        """The vault's 16 bytes."""
        return self._opened.vault_id

    @property
    def cache_key(self) -> Secret:
        """What sessions are sealed under."""
        return self._opened.cache_key

    def newest_cache_key(self) -> Secret:
        """The same, as the vault has it now."""
        from vault.store import vault

        return vault.open_with_main_key(self._paths, self._opened.k_main).cache_key

    def has_entry(self, name: str) -> bool:
        """Whether the vault holds a key of this name."""
        return name in self._opened.payload.entries

    def contents(self) -> Contents:
        """What may be shown of the vault: no secret is in it."""
        from vault.unlocking import inventory

        return inventory.of(self._opened.payload)

    def entry(self, name: str) -> SourceKey | None:
        """The key of this name."""
        found = self._opened.payload.entries.get(name)
        if found is None:
            return None
        return SourceKey(Credentials(found.access_key_id, found.secret), found.mfa_serial, found.account)

    def take_code(
        self,
        serial: str,
        *,
        deadline: Deadline,
        most: float,
        skew: float = 0.0,
        after: int | None = None,
        waiting: Callable[[float], None] | None = None,
    ) -> Code | None:
        """A code of the stored seed by the ledger; None where no seed is stored, StrictClosed for one that is shut."""
        from vault.unlocking import strict_seeds

        stored = self._opened.payload.seeds.get(serial) or strict_seeds.seed(
            self._opened, serial, key=self.strict
        )
        if stored is None:
            return None
        seed = raw_seed(stored.secret, algorithm=stored.algorithm, digits=stored.digits, period=stored.period)
        with self._ledger_folder() as folder:
            return self._ledger(folder, serial).take(
                seed,
                clock=self._clock,
                deadline=deadline,
                most=most,
                skew=skew or None,
                after=after,
                waiting=waiting,
            )

    def note_code(self, serial: str, text: str, *, deadline: Deadline) -> Code:
        """A code that a person or a program gave, entered in the ledger."""
        with self._ledger_folder() as folder:
            return self._ledger(folder, serial).note(text, clock=self._clock, deadline=deadline)

    def _ledger_folder(self) -> Folder:
        return Folder.open(self._paths.state, create=True)

    def _ledger(self, folder: Folder, serial: str) -> Ledger:
        from vault.mfa.ledger import Ledger

        return Ledger(folder, serial=serial, key=self._opened.ledger_key)


def raw_seed(base32: Secret, *, algorithm: str, digits: int, period: int) -> Seed:
    """A stored seed as one that makes codes."""
    from vault.mfa.codes import parse_seed

    return parse_seed(base32)._replace(algorithm=algorithm, digits=digits, period=period)
