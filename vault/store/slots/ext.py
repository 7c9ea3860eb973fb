"""The ``ext`` slot: kept for helpers to come (age, ssh, tpm, fido2), and skipped. Runs nothing."""

from __future__ import annotations

from vault.errors import NotThisSlot
from vault.store.slots import Slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.secret import Secret
    from vault.store.format import Group, SlotRecord, SlotType


class ExtSlot(Slot):
    """No helper is known to this version, so every record is another's."""

    type: SlotType = "ext"

    def unwrap(self, record: SlotRecord, *, vault_id: bytes) -> Secret:
        """NotThisSlot, always."""
        raise NotThisSlot(f"no helper for the ext slot {record.name} in vault {vault_id.hex()}")

    def wrap(self, key: Secret, *, vault_id: bytes, opens: Group = "main") -> SlotRecord:
        """NotThisSlot: this version writes none of its own."""
        raise NotThisSlot(f"no helper wraps a key of {len(key)} bytes of {opens} for vault {vault_id.hex()}")
