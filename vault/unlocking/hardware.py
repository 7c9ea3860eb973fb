"""The devices that open slots for this run, by the name in the slot's record. Prints nothing.

A new kind of hardware is a module in vault/store/slots, one row here, and its words in vault/store/slot_text.
"""

from __future__ import annotations

from contextlib import suppress

from vault import limits
from vault.errors import NotThisSlot
from vault.records import NamedTuple
from vault.store import slot_text
from vault.store.slots.hardware import HardwareUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from vault.context import Context
    from vault.store.format import Header, SlotRecord
    from vault.store.opened import Opened
    from vault.store.slots.hardware import HardwareSlot

KINDS = ("tpm", "fido2")
UNATTENDED = ("tpm",)  # those that need nobody, so that an export may use them
TPM_VARIABLE = "AWSVAULT_TPM"


class HardwareState(NamedTuple):
    """A slot of this machine's hardware. ``problem`` says why it does not open, and ``hint`` what to do; None if it does."""

    record: SlotRecord
    problem: str | None
    hint: str = ""


def device(context: Context, kind: str, *, pcrs: Sequence[int] = ()) -> HardwareSlot:
    """The device of one of KINDS. A security key is for keeping its slot: to unlock with it, see unlock.py."""
    if kind == "fido2":
        from vault.unlocking import security_key

        return security_key.slot(context, purpose="for the new master keys")
    if kind != "tpm":
        raise AssertionError(f"no device is known for slots named {kind}")
    from vault.store.slots.tpm import TpmSlot
    from vault.store.turn import TPM_LOCK, turn_at

    def turn() -> AbstractContextManager[object]:
        """Its deadline begins when it is needed: between a plan and its execution, the user may think."""
        return turn_at(TPM_LOCK, context.paths, context.new_deadline(limits.TPM_TURN))()

    return TpmSlot(
        context.env.get(TPM_VARIABLE, ""),
        pcrs=pcrs,
        turn=turn,
        new_deadline=context.new_deadline,
    )


def unattended(context: Context, header: Header) -> Iterator[HardwareSlot]:
    """The devices that open slots of this vault without the user."""
    for kind in UNATTENDED:
        if any(_is(record, kind) for record in header.slots):
            yield device(context, kind)


def advice(header: Header, slot: HardwareSlot, reason: NotThisSlot) -> str:
    """What the user can do about ``reason``, for which a device did not open its slot. Empty if the slot is another machine's."""
    from vault.system.machine import host_name

    for record in header.slots:
        if _is(record, slot.ext_name) and slot_text.host(record) in (None, host_name()):
            return slot_text.filled(reason.hint, record) if isinstance(reason, HardwareUnavailable) else ""
    return ""


def made_here(context: Context, opened: Opened) -> dict[SlotRecord, HardwareSlot]:
    """The slots that this machine's hardware can wrap again, whether or not it opens them now, each with its device."""
    found: dict[SlotRecord, HardwareSlot] = {}
    for kind in KINDS:
        records = [record for record in opened.header.slots if _is(record, kind)]
        if not records:
            continue
        used = device(context, kind)
        with suppress(HardwareUnavailable):
            found |= {record: used.like(record) for record in records if used.is_here(record)}
    return found


def states(context: Context, header: Header, *, locked: bool) -> list[HardwareState]:
    """The slots of this machine's hardware, and whether each opens. ``locked``: do not try, only look whether it is there.

    A slot of another host is left out, unless this machine's hardware made it.
    """
    found: list[HardwareState] = []
    for kind in KINDS:
        records = [record for record in header.slots if _is(record, kind)]
        if records:
            used = device(context, kind)
            each = (_state(used, record, header.vault_id, locked=locked) for record in records)
            found += [state for state in each if state is not None]
    return found


def tpm_in_lockout(context: Context) -> bool:
    """Whether wrong PINs have locked the TPM for other programs. False if that cannot be known."""
    found = device(context, "tpm")
    try:
        return found.in_lockout()
    except HardwareUnavailable:
        return False


def _state(used: HardwareSlot, record: SlotRecord, vault_id: bytes, *, locked: bool) -> HardwareState | None:
    from vault.system.machine import host_name

    host = slot_text.host(record)
    try:
        if used.is_here(record):
            if not locked and not used.attended:
                used.unwrap(record, vault_id=vault_id)
            return HardwareState(record, None)
        reason = used.gone()
    except HardwareUnavailable as error:
        reason = error
    except NotThisSlot as error:  # what it wraps was changed
        return HardwareState(record, str(error))
    claimed = host == host_name() if host is not None else not reason.elsewhere
    return HardwareState(record, str(reason), reason.hint) if claimed else None


def _is(record: SlotRecord, kind: str) -> bool:
    return record.ext is not None and record.ext.name == kind and record.opens == "main"
