"""How slots are described to users, and the error when a vault has no room for one more. Pure."""

from __future__ import annotations

from vault import errors, limits
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.store.format import SlotRecord
    from vault.store.slots.fido2_data import Fido2Data
    from vault.store.slots.tpm_data import TpmData

_KINDS = {"pass": "passphrase", "keyring": "keyring", "recovery": "recovery code"}
_HARDWARE = {"tpm": "TPM", "fido2": "security key"}  # by the name of an ext slot


def kind(slot: SlotRecord) -> str:
    """The kind of a slot; ``helper`` if it is a later version's."""
    if slot.ext is None:
        return _KINDS[slot.type]
    return _HARDWARE.get(slot.ext.name, "helper")


def kinds(slots: Sequence[SlotRecord]) -> tuple[str, ...]:
    """The kinds of the slots that open the main box."""
    return tuple(kind(slot) for slot in slots if slot.opens == "main")


def hardware_name(name: str) -> str:
    """What opens slots of this name, for use after "the"."""
    return _HARDWARE.get(name, "helper")


def is_of_machine(slot: SlotRecord) -> bool:
    """Whether a part of one machine opens the slot, so that a copy of the vault opens elsewhere only by another one."""
    return slot.ext is not None and slot.ext.name == "tpm"


def is_security_key(slot: SlotRecord) -> bool:
    """Whether a security key opens the slot."""
    return slot.ext is not None and slot.ext.name == "fido2"


def host(slot: SlotRecord) -> str | None:
    """The machine that opens the slot, if it opens on one only."""
    data = _tpm(slot)
    return slot.host if data is None else data.host


def device(slot: SlotRecord) -> str | None:
    """What tells the slot's device from others of its kind."""
    key = _security_key(slot)
    if key is not None:
        return key.model
    data = _tpm(slot)
    return None if data is None else data.chip


def by_security_key(slot: SlotRecord) -> str:
    """How the user opens the slot of a security key, for use after "by"."""
    key = _security_key(slot)
    return "its PIN and a touch" if key is not None and key.uv else "a touch"


def about(slot: SlotRecord) -> str:
    """What tells a slot from others of its kind."""
    data = _tpm(slot)
    if data is not None:
        pcrs = ", PCR " + "+".join(map(str, data.key.pcrs)) if data.key.pcrs else ""
        return f"host {safe(data.host)}, chip {data.chip}{pcrs}"
    key = _security_key(slot)
    if key is not None:
        return f"{'PIN and touch' if key.uv else 'touch'}, model {key.model}"
    if slot.kdf is not None:
        return f"Argon2id, {slot.kdf.memory_kib // 1024} MiB"
    if slot.host is not None:
        return f"host {safe(slot.host)}"
    return slot.ext.name if slot.ext is not None else ""


def describe(slot: SlotRecord) -> str:
    """The slot's kind, name and details, for use in a sentence."""
    more = about(slot)
    return f"{kind(slot)} slot {slot.name}" + (f" ({more})" if more else "")


def filled(hint: str, slot: SlotRecord, *, options: str = "") -> str:
    """``hint`` of a device, with the name of the slot; and where it adds the slot again, with ``options`` or the slot's own."""
    again = options or _options(slot)
    for kind in _HARDWARE:
        hint = hint.replace(f"slots add {kind}", f"slots add {kind} {again}".rstrip())
    return hint.replace("NAME", slot.name)


def _options(slot: SlotRecord) -> str:
    """The options of ``slots add`` that make a slot like this one."""
    data, key = _tpm(slot), _security_key(slot)
    if data is not None and data.key.pcrs:
        return f"--pcrs {'+'.join(map(str, data.key.pcrs))}"
    return "--no-pin" if key is not None and not key.uv else ""


def check_room(slots: Sequence[SlotRecord]) -> None:
    """Raise ConfigError, which lists the slots, if there is no room for another one."""
    if len(slots) >= limits.MAX_SLOTS:
        listed = "; ".join(map(describe, slots))
        raise errors.ConfigError(
            f"the vault already has {limits.MAX_SLOTS} slots, the maximum: {listed}",
            hint="to remove one, run: awsvault-py slots remove NAME",
        )


def _tpm(slot: SlotRecord) -> TpmData | None:
    if slot.ext is None or slot.ext.name != "tpm":
        return None
    from vault.store.slots import tpm_data  # needs the cryptography of the TPM's session

    return tpm_data.decode(slot.ext.data)


def _security_key(slot: SlotRecord) -> Fido2Data | None:
    if slot.ext is None or slot.ext.name != "fido2":
        return None
    from vault.store.slots import fido2_data

    return fido2_data.decode(slot.ext.data)
