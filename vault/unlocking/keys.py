"""Keys: what fetching a session needs of an unlocked vault, no matter which process keeps it open. Never prompts or
calls AWS.

There are two kinds: of a vault opened by this process, and of one that the agent keeps unlocked
(vault/unlocking/agent_keys). Neither gives out the main key, and of a stored seed they give only codes.
"""

from __future__ import annotations

from vault.aws.credentials import Credentials
from vault.records import NamedTuple, Protocol
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
    """A source key of the vault: its credentials, the device of its entry, its account (12 digits) and its IAM user."""

    credentials: Credentials
    mfa_serial: str | None
    account: str | None
    user: str | None = None


class CodeWait(NamedTuple):
    """How to wait for a code of a stored seed. ``most``: how many seconds to wait for a free step, 0 for none.

    ``skew`` is AWS's clock minus this machine's, in seconds; ``after`` is a step that AWS refused; ``waiting`` is
    called with the seconds left.
    """

    deadline: Deadline
    most: float
    skew: float = 0.0
    after: int | None = None
    waiting: Callable[[float], None] | None = None


class Keys(Protocol):
    """An unlocked vault, as far as fetching sessions needs it."""

    @property
    def vault_id(self) -> bytes:
        """The vault's 16 bytes."""

    @property
    def cache_key(self) -> Secret:
        """The key that seals the cached sessions."""

    def newest_cache_key(self) -> Secret:
        """The current cache key, which may have been replaced. Errors: Locked."""

    def has_entry(self, name: str) -> bool:
        """Whether the vault holds a key of this name."""

    def entry(self, name: str) -> SourceKey | None:
        """The key of this name."""

    def contents(self) -> Contents:
        """The contents of the vault without its secrets."""

    def sso_key(self) -> Secret | None:
        """The key of the sign-ins to IAM Identity Center. None if the user has never signed in."""

    def take_code(self, serial: str, wait: CodeWait) -> Code | None:
        """A code of the stored seed, entered in the ledger; None if no seed is stored. Errors: NoCodeInTime, StrictClosed."""

    def note_code(self, serial: str, text: str, *, deadline: Deadline) -> Code:
        """A code from the user or a program, entered in the ledger. UsedCode."""

    def open_strict(self, key: Secret) -> None:
        """Open the strict seeds: for one use in this process, or in the agent for five minutes. StrictClosed."""

    def close(self) -> None:
        """Release what keeps the vault open for this process."""


class OpenedKeys:
    """Keys of a vault that this process opened. ``strict`` is the strict key, once the strict seeds are open."""

    __slots__ = ("_clock", "_opened", "_paths", "_strict")

    def __init__(self, opened: Opened, *, paths: Paths, clock: Clock, strict: Secret | None = None) -> None:
        self._opened = opened
        self._paths = paths
        self._clock = clock
        self._strict = strict

    @property
    def opened(self) -> Opened:
        """The vault itself, for commands that change it."""
        return self._opened

    @property
    def vault_id(self) -> bytes:
        """The vault ID from the header."""
        return self._opened.vault_id

    @property
    def cache_key(self) -> Secret:
        """The cache key at the time when the vault was opened."""
        return self._opened.cache_key

    def newest_cache_key(self) -> Secret:
        """The cache key that the vault has now."""
        from vault.store import vault

        return vault.open_with_main_key(self._paths, self._opened.k_main).cache_key

    def has_entry(self, name: str) -> bool:
        """Whether an entry has this name."""
        return name in self._opened.payload.entries

    def entry(self, name: str) -> SourceKey | None:
        """The entry's key, device and account."""
        found = self._opened.payload.entries.get(name)
        if found is None:
            return None
        key = Credentials(found.access_key_id, found.secret)
        return SourceKey(key, found.mfa_serial, found.account, found.user)

    def contents(self) -> Contents:
        """Names, devices and rotations."""
        from vault.unlocking import inventory

        return inventory.of(self._opened.payload)

    def sso_key(self) -> Secret | None:
        """The key in the main box."""
        return self._opened.payload.sso_key

    def take_code(self, serial: str, wait: CodeWait) -> Code | None:
        """A code of a stored seed, or of a strict one if the strict seeds are open."""
        from vault.store import strict_box

        payload = self._opened.payload
        stored = payload.seeds.get(serial) or strict_box.seed(self._opened, serial, key=self._strict)
        if stored is None:
            return None
        seed = raw_seed(stored.secret, algorithm=stored.algorithm, digits=stored.digits, period=stored.period)
        with self._ledger_folder() as folder:
            return self._ledger(folder, serial).take(
                seed,
                clock=self._clock,
                deadline=wait.deadline,
                most=wait.most,
                skew=wait.skew or None,
                after=wait.after,
                waiting=wait.waiting,
            )

    def note_code(self, serial: str, text: str, *, deadline: Deadline) -> Code:
        """Enter the code in this machine's ledger."""
        with self._ledger_folder() as folder:
            return self._ledger(folder, serial).note(text, clock=self._clock, deadline=deadline)

    def open_strict(self, key: Secret) -> None:
        """Open the strict seeds for this process."""
        self._strict = key

    def close(self) -> None:
        """Nothing to release."""

    def _ledger_folder(self) -> Folder:
        return Folder.open(self._paths.state, create=True)

    def _ledger(self, folder: Folder, serial: str) -> Ledger:
        from vault.mfa.ledger import Ledger

        return Ledger(folder, serial=serial, key=self._opened.ledger_key)


def raw_seed(base32: Secret, *, algorithm: str, digits: int, period: int) -> Seed:
    """A stored seed in the form that computes codes."""
    from vault.mfa.codes import parse_seed

    return parse_seed(base32)._replace(algorithm=algorithm, digits=digits, period=period)
