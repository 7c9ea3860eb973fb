"""Slots and new keys when the vault's file does not go along: no item of a keyring without its slot, nothing unsaid."""

from __future__ import annotations

import os

import pytest

from tests.home import PASSPHRASE
from tests.patience import PATIENCE
from tests.unit.benches import Bench
from tests.unit.upkeep.test_rekey import stage
from tests.vaults import CHEAP
from vault.secret import Secret
from vault.store import file, vault
from vault.store.slots.keyring import KeyringSlot
from vault.store.slots.passphrase import PassphraseSlot
from vault.upkeep import rekey, rekey_plan, slots

__all__ = ["stage"]


def test_a_slot_that_could_not_be_written_leaves_no_item(stage):
    """Somebody renewed the keys meanwhile: the vault takes no slot of the old ones, and the keyring keeps nothing of it."""
    stage.act("passwd")
    before = stage.desktop.items()
    for slot in (
        KeyringSlot(seconds=PATIENCE, gen=9),
        PassphraseSlot(Secret("one more passphrase"), kdf=CHEAP),
    ):
        with pytest.raises(vault.KeysChanged):
            slots.append(stage.context, stage.before, slot)
    assert stage.desktop.items() == before


def test_what_a_renewal_could_not_delete_is_named(desk, beside, home, aws, cheaply):
    """An old file that will not go may hold what the old keys open: its path is told. A locked agent stays locked."""
    bench = Bench(home, aws)
    context = bench.context()
    stuck = os.path.join(context.paths.vault_folder, file.SET_ASIDE)
    os.mkdir(stuck)
    made = rekey_plan.make_plan(context, bench.opened(), passphrase=Secret(PASSPHRASE), kdf=CHEAP)
    done = rekey.carry_out(context, made)
    assert done.left == (stuck,)
    assert beside.state.why == "locked"
    assert bench.opened().k_main == done.opened.k_main
