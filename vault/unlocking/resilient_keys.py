"""Keys that outlast the agent: where it ends or locks in the middle, the vault is opened by this process, and nobody notices."""

from __future__ import annotations

from typing import TypeVar

from vault.unlocking.agent_link import AgentGone, let_go

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.mfa.ledger import Code
    from vault.secret import Secret
    from vault.system.clock import Deadline
    from vault.unlocking.inventory import Contents
    from vault.unlocking.keys import Keys, SourceKey

Found = TypeVar("Found")


class ResilientKeys:
    """Keys (vault/unlocking/keys): ``held`` by the agent, until it is gone; then what ``otherwise`` gives, once."""

    def __init__(self, held: Keys, *, otherwise: Callable[[], Keys]) -> None:
        self.held = held
        self._otherwise = otherwise

    def _by(self, work: Callable[[Keys], Found]) -> Found:
        try:
            return work(self.held)
        except AgentGone:
            let_go(self.held)
            self.held = self._otherwise()
            return work(self.held)

    @property
    def vault_id(self) -> bytes:
        """The vault's 16 bytes."""
        return self.held.vault_id

    @property
    def cache_key(self) -> Secret:
        """What sessions are sealed under."""
        return self.held.cache_key

    def newest_cache_key(self) -> Secret:
        """The same as it is now."""
        return self._by(lambda keys: keys.newest_cache_key())

    def has_entry(self, name: str) -> bool:
        """Whether the vault holds a key of this name."""
        return self._by(lambda keys: keys.has_entry(name))

    def contents(self) -> Contents:
        """What may be shown of the vault."""
        return self._by(lambda keys: keys.contents())

    def entry(self, name: str) -> SourceKey | None:
        """The key of this name."""
        return self._by(lambda keys: keys.entry(name))

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
        return self._by(
            lambda keys: keys.take_code(
                serial, deadline=deadline, most=most, skew=skew, after=after, waiting=waiting
            )
        )

    def note_code(self, serial: str, text: str, *, deadline: Deadline) -> Code:
        """A code that a person or a program gave, entered in the ledger. UsedCode."""
        return self._by(lambda keys: keys.note_code(serial, text, deadline=deadline))
