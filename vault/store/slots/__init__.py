"""The ways to open a vault: one file a kind, each with the two calls of ``Slot``. No loading of code from outside."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Protocol

from vault.crypto.seal import SealBroken, seal, unseal
from vault.errors import NotThisSlot
from vault.secret import Secret
from vault.store.format import SID, Group, SlotRecord, SlotType, slot_aad

_LABEL = "slot"
_HYPHEN = 62  # its place in base64url's alphabet


class Slot(Protocol):
    """A way in, holding what its kind needs: a passphrase, a code, an open keyring.

    ``known_gen`` is the newest generation that this way has kept for itself, 0 where it keeps none: a pin too.
    """

    type: SlotType
    known_gen: int = 0

    def unwrap(self, record: SlotRecord, *, vault_id: bytes) -> Secret:
        """The key that ``record`` wraps; NotThisSlot where this way does not lead to it."""

    def wrap(self, key: Secret, *, vault_id: bytes, opens: Group = "main") -> SlotRecord:
        """A new record that wraps ``key``."""

    def remember(self, record: SlotRecord, *, vault_id: bytes, gen: int) -> None:
        """Told that the vault opened by ``record`` at a generation over ``known_gen``; most kinds keep nothing."""
        del record, vault_id, gen


def new_sid() -> bytes:
    """An id for a new slot, whose name does not look like an option."""
    while (sid := os.urandom(SID))[0] >> 2 == _HYPHEN:
        pass
    return sid


def wrap_key(kek: Secret, record: SlotRecord, *, vault_id: bytes, key: Secret) -> SlotRecord:
    """``record`` with ``key`` wrapped under ``kek``, bound to the vault and to all else that the record says."""
    aad = slot_aad(record, vault_id=vault_id)
    return replace(record, wrap=seal(kek, label=_LABEL, aad=aad, plaintext=key.reveal()))


def unwrap_key(kek: Secret, record: SlotRecord, *, vault_id: bytes) -> Secret:
    """The key that ``record`` wraps; NotThisSlot where ``kek`` is not its key or anything of it was changed."""
    aad = slot_aad(record, vault_id=vault_id)
    try:
        return Secret(unseal(kek, label=_LABEL, aad=aad, box=record.wrap))
    except SealBroken:
        raise NotThisSlot(f"the {record.type} slot {record.name} does not open") from None
