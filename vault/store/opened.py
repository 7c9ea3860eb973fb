"""Opened: a vault as it was read, every byte of it authenticated. A value; no files, no work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vault import errors

if TYPE_CHECKING:
    from vault.secret import Secret
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
