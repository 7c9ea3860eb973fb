"""Adding, listing and finding slots; a slot that could not be written leaves nothing in the keyring."""

from __future__ import annotations

import pytest

from tests.patience import PATIENCE
from tests.unit.upkeep.stage import SECOND, stage
from tests.vaults import CHEAP
from vault import errors
from vault.secret import Secret
from vault.store import vault
from vault.store.slots.keyring import KeyringSlot
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot, new_code
from vault.upkeep import slots

__all__ = ["stage"]


def test_slots_are_added_once_and_within_their_limits(stage):
    """This machine's keyring once, two passphrases, eight slots in all."""
    with pytest.raises(errors.AlreadyExists):
        slots.add_keyring(stage.context, stage.before)
    with pytest.raises(errors.Usage, match="2 passphrases"):
        slots.check_passphrase_room(stage.before)
    opened = stage.before
    for _ in range(2):
        opened = slots.append(stage.context, opened, RecoverySlot(new_code()))
    with pytest.raises(errors.ConfigError, match="8 slots"):
        slots.add_recovery(stage.context, opened)


def test_slots_are_listed_without_a_key_and_found_by_a_prefix(stage):
    """With the host of a keyring, and when each opened the vault on this machine."""
    shown = slots.list_slots(stage.context)
    assert [s.kind for s in shown] == [
        "passphrase",
        "passphrase",
        "keyring",
        "recovery code",
        "helper",
        "passphrase",
    ]
    assert shown[2].about.startswith("host ")
    assert shown[1].used is None
    stage.open(SECOND)
    assert slots.list_slots(stage.context)[1].used is not None
    assert slots.find_slot(stage.before, shown[2].name[:6]) == stage.records["keyring"]
    for name in ("", "nothing"):
        with pytest.raises(errors.NotFound):
            slots.find_slot(stage.before, name)


def test_a_slot_that_could_not_be_written_leaves_no_item(stage):
    """Somebody rekeyed the vault: it takes no slot for the old keys, and the keyring keeps no item of it."""
    stage.act("passwd")
    before = stage.desktop.items()
    for slot in (
        KeyringSlot(seconds=PATIENCE, gen=9),
        PassphraseSlot(Secret("one more passphrase"), kdf=CHEAP),
    ):
        with pytest.raises(vault.KeysChanged):
            slots.append(stage.context, stage.before, slot)
    assert stage.desktop.items() == before
