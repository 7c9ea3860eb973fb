"""What slots of hardware have in common: an ``ext`` slot of a known name, whose key a device of the machine or user keeps."""

from __future__ import annotations

from vault.errors import NotThisSlot
from vault.records import Protocol
from vault.store.slots import Slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from vault.store.format import SlotRecord, SlotType


# A hint, with the kind of slot; slot_text.filled writes the slot's name and options into it.
REPLACE = "to replace the slot, run: awsvault-py slots remove NAME, then awsvault-py slots add {}"


class HardwareUnavailable(NotThisSlot):
    """The device does not open the slot now. The text says why, ``hint`` what the user can do.

    ``elsewhere``: another device opens the slot, so nothing is wrong with this one.
    """

    def __init__(self, message: str, *, hint: str = "", elsewhere: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.elsewhere = elsewhere


class HardwareSlot(Slot, Protocol):
    """A device. ``ext_name`` is the name of its slots. ``attended``: it opens them only while the user is there."""

    type: SlotType = "ext"
    ext_name: str
    attended: bool = False

    def check(self) -> None:
        """Do nothing if the device can be used. HardwareUnavailable."""

    def gone(self) -> HardwareUnavailable:
        """What is wrong with a slot of this machine that its device did not make."""

    def in_lockout(self) -> bool:
        """Whether wrong PINs have locked the device. HardwareUnavailable."""

    def is_here(self, record: SlotRecord) -> bool:
        """Whether this device made ``record``, even if it does not open it now. HardwareUnavailable if that is unknown."""

    def like(self, record: SlotRecord) -> Self:
        """A slot of the same device that wraps another key on the terms of ``record``."""
