"""What slots of hardware have in common: they go by the name in their record, and one device's trouble hides no other's."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.vaults import new_vault, paths_in
from vault.errors import NotThisSlot
from vault.secret import Secret
from vault.store import vault
from vault.store.format import Ext, SlotRecord
from vault.store.slots import new_sid
from vault.store.slots.hardware import HardwareSlot, HardwareUnavailable


def record(name, opens="main"):
    return SlotRecord(type="ext", sid=new_sid(), opens=opens, wrap=bytes(112), ext=Ext(name=name, data=b""))


class Fido(HardwareSlot):
    """A device that opens no slot, and remembers which it was shown."""

    ext_name = "fido2"

    def __init__(self, *reasons):
        self.shown = []
        self.reasons = list(reasons)

    def unwrap(self, record, *, vault_id):
        self.shown.append(record)
        raise self.reasons.pop(0) if self.reasons else NotThisSlot("no")


def file_of(*slots):
    return SimpleNamespace(header=SimpleNamespace(slots=slots, vault_id=bytes(16)))


def test_an_ext_slot_goes_by_its_name():
    """Another helper's slot is never handed to a device, nor is the device's own of the other box."""
    mine, strict = record("fido2"), record("fido2", "strict")
    device = Fido()
    with pytest.raises(NotThisSlot):
        vault.unwrap(file_of(record("tpm"), mine, strict, record("age")), device)
    assert device.shown == [mine]


def test_a_missing_name_is_told_as_such():
    """Not as another helper's slot that does not open."""
    with pytest.raises(NotThisSlot, match="no fido2 slot for the main box"):
        vault.unwrap(file_of(record("tpm")), Fido())


def test_what_is_wrong_with_this_machine_s_slot_is_told(tmp_path):
    """Slots of other machines before and after it say nothing of interest."""
    elsewhere = HardwareUnavailable("another machine's", elsewhere=True)
    device = Fido(elsewhere, HardwareUnavailable("it is broken"), elsewhere)
    with pytest.raises(HardwareUnavailable, match="it is broken"):
        vault.unwrap(file_of(*(record("fido2") for _ in range(3))), device)
    with pytest.raises(HardwareUnavailable, match="another machine's"):
        vault.unwrap(file_of(record("fido2")), Fido(elsewhere))


def test_a_slot_of_an_unknown_name_is_kept_and_skipped(tmp_path):
    """The vault opens by its passphrase, and an edit leaves the slot as it was."""
    paths = paths_in(tmp_path)
    opened = new_vault(paths)
    unknown = record("from2030")
    from dataclasses import replace

    from tests.vaults import entry, soon

    after = vault.rewrite(
        paths, opened.k_main, lambda d, _: replace(d, slots=(*d.slots, unknown)), deadline=soon()
    )
    assert vault.open_with_passphrase(
        paths, Secret("correct horse battery staple"), deadline=soon()
    ).header.slots == (*opened.header.slots, unknown)
    vault.edit(paths, after.k_main, lambda p: p.with_entry("a", entry()), deadline=soon())
    assert unknown in vault.read_header(paths).slots
