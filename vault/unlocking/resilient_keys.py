"""Keys that outlast the agent: if it ends or locks while they are in use, this process opens the vault and continues."""

from __future__ import annotations

from vault.unlocking.agent_keys import AgentGone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from vault.mfa.ledger import Code
    from vault.secret import Secret
    from vault.system.clock import Deadline
    from vault.unlocking.inventory import Contents
    from vault.unlocking.keys import CodeWait, Keys, SourceKey

    Found = TypeVar("Found")


class ResilientKeys:
    """Keys (vault/unlocking/keys) from the agent until it is gone, then those that ``otherwise`` returns, which is
    called once.
    """

    def __init__(self, keys: Keys, *, otherwise: Callable[[], Keys]) -> None:
        self._keys = keys
        self._otherwise = otherwise

    def _by(self, work: Callable[[Keys], Found]) -> Found:
        try:
            return work(self._keys)
        except AgentGone:
            self._keys.close()
            self._keys = self._otherwise()
            return work(self._keys)

    @property
    def vault_id(self) -> bytes:
        """The ID of the vault that is open now."""
        return self._keys.vault_id

    @property
    def cache_key(self) -> Secret:
        """As in Keys."""
        return self._keys.cache_key

    def newest_cache_key(self) -> Secret:
        """The current cache key, from the agent or the vault."""
        return self._by(lambda keys: keys.newest_cache_key())

    def has_entry(self, name: str) -> bool:
        """As in Keys."""
        return self._by(lambda keys: keys.has_entry(name))

    def entry(self, name: str) -> SourceKey | None:
        """As in Keys."""
        return self._by(lambda keys: keys.entry(name))

    def contents(self) -> Contents:
        """As in Keys."""
        return self._by(lambda keys: keys.contents())

    def sso_key(self) -> Secret | None:
        """As in Keys."""
        return self._by(lambda keys: keys.sso_key())

    def take_code(self, serial: str, wait: CodeWait) -> Code | None:
        """As in Keys. There is only one ledger, so no code is issued twice."""
        return self._by(lambda keys: keys.take_code(serial, wait))

    def note_code(self, serial: str, text: str, *, deadline: Deadline) -> Code:
        """As in Keys."""
        return self._by(lambda keys: keys.note_code(serial, text, deadline=deadline))

    def open_strict(self, key: Secret) -> None:
        """Open the strict seeds in the agent or in this process."""
        self._by(lambda keys: keys.open_strict(key))

    def close(self) -> None:
        """Let the agent's worker end."""
        self._keys.close()
