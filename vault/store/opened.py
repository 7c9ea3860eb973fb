"""Opened: a vault as it was read, every byte of it authenticated. A value; no files, no work."""

from __future__ import annotations

from dataclasses import dataclass, field

from vault import errors
from vault.crypto.seal import hkdf
from vault.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.store.format import Header, SlotRecord, VaultFile
    from vault.store.payload import Payload
    from vault.store.pin_file import PinState


class KeysChanged(errors.Damaged):
    """The vault does not open with a main key from before (9): other keys since, or damage. Unlocking anew tells."""

    hint = "run: awsvault-py lock, then awsvault-py unlock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A vault, open. ``slot`` is the one that opened it, None where a main key from before did."""

    file: VaultFile = field(repr=False)
    payload: Payload
    k_main: Secret
    pin: PinState
    slot: SlotRecord | None = None

    @property
    def header(self) -> Header:
        """Generation, time, slots."""
        return self.file.header

    @property
    def vault_id(self) -> bytes:
        """The vault's 16 bytes."""
        return self.file.header.vault_id

    @property
    def cache_key(self) -> Secret:
        """The key that sessions are sealed under."""
        return self.payload.cache_key

    @property
    def ledger_key(self) -> Secret:
        """The key of the ledgers of used codes: it outlives the main key, since AWS remembers a code whatever we renew."""
        kept = self.payload.ledger_key
        return kept if kept is not None else Secret(hkdf(self.k_main, info=b"ledger"))
