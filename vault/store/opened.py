"""Opened: a vault as it was read, with every byte authenticated. A value; no files, no work."""

from __future__ import annotations

from vault import errors
from vault.crypto.seal import hkdf
from vault.frozen import dataclass, field
from vault.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.store.format import Header, SlotRecord, VaultFile
    from vault.store.payload import Payload
    from vault.store.pin_file import PinState


class KeysChanged(errors.Damaged):
    """The vault does not open with an earlier main key (9): its keys were changed, or it is damaged. An unlock tells which."""

    hint = "run: awsvault-py lock, then awsvault-py unlock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An open vault. ``slot`` is the one that opened it, None if an earlier main key did."""

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
        """The vault's ID, 16 bytes."""
        return self.file.header.vault_id

    @property
    def cache_key(self) -> Secret:
        """The key that seals cached sessions."""
        return self.payload.cache_key

    @property
    def ledger_key(self) -> Secret:
        """The key of the ledgers of used codes. It outlives the main key, because a rekey does not make AWS forget a code."""
        kept = self.payload.ledger_key
        return kept if kept is not None else Secret(hkdf(self.k_main, info=b"ledger"))
