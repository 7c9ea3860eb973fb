"""The slots: one file for each type, with the calls of ``Slot``. An ``ext`` slot goes by its name; an unknown one is skipped."""

from __future__ import annotations

import os

from vault.crypto.seal import SealBroken, seal, unseal
from vault.errors import NotThisSlot
from vault.frozen import replace
from vault.records import Protocol
from vault.secret import Secret
from vault.store.format import SID, Group, SlotRecord, SlotType, slot_aad

_LABEL = "slot"
_HYPHEN = 62  # its position in the base64url alphabet


class Slot(Protocol):
    """One way to unlock the vault, with what its type needs: a passphrase, a code, a keyring.

    ``known_gen`` is the newest generation that the slot itself has recorded (a second pin), 0 if it records none.
    """

    type: SlotType
    ext_name: str | None = None  # of an ``ext`` slot
    known_gen: int = 0

    @property
    def kind(self) -> str:
        """What messages call it."""
        return self.ext_name or self.type

    def handles(self, record: SlotRecord) -> bool:
        """Whether ``record`` is a slot of this type and name."""
        return record.type == self.type and (record.ext.name if record.ext else None) == self.ext_name

    def unwrap(self, record: SlotRecord, *, vault_id: bytes) -> Secret:
        """The key that ``record`` wraps. NotThisSlot if this slot cannot unwrap it."""

    def wrap(self, key: Secret, *, vault_id: bytes, opens: Group = "main") -> SlotRecord:
        """A new record that wraps ``key``."""

    def remember(self, record: SlotRecord, *, vault_id: bytes, gen: int) -> None:
        """Record that ``record`` opened the vault at a generation above ``known_gen``. Most types record nothing."""
        del record, vault_id, gen


def new_sid() -> bytes:
    """An ID for a new slot, whose name does not look like an option."""
    while (sid := os.urandom(SID))[0] >> 2 == _HYPHEN:
        pass
    return sid


def wrap_key(kek: Secret, record: SlotRecord, *, vault_id: bytes, key: Secret) -> SlotRecord:
    """``record`` with ``key`` wrapped under ``kek``, bound to the vault and to everything else in the record."""
    aad = slot_aad(record, vault_id=vault_id)
    return replace(record, wrap=seal(kek, label=_LABEL, aad=aad, plaintext=key.reveal()))


def unwrap_key(kek: Secret, record: SlotRecord, *, vault_id: bytes) -> Secret:
    """The key that ``record`` wraps. NotThisSlot if ``kek`` is not its key or anything in it was changed."""
    aad = slot_aad(record, vault_id=vault_id)
    try:
        return Secret(unseal(kek, label=_LABEL, aad=aad, box=record.wrap))
    except SealBroken:
        raise NotThisSlot(f"the slot {record.name} does not open") from None
