"""What a rekey cannot keep, listed before anything is changed."""

from __future__ import annotations

import pytest

from tests.patience import PATIENCE
from tests.unit.upkeep.stage import FIRST, stage
from tests.vaults import CHEAP
from vault import errors
from vault.store import vault
from vault.store.slots.keyring import KeyringSlot
from vault.upkeep import rekey, rekey_plan

__all__ = ["stage"]


def test_what_cannot_be_kept_is_named_before_anything_is_done(stage):
    """A second passphrase, a code without a terminal to show it on, and a helper's slot: their secrets are not available."""
    plan = rekey_plan.make_plan(stage.context, stage.open(), passphrase=FIRST, kdf=CHEAP)
    assert plan.lost == tuple(stage.records[kind] for kind in ("second pass", "recovery", "ext"))
    question = plan.question()
    for kind in ("second pass", "recovery", "ext"):
        assert stage.records[kind].name in question
    assert vault.open_with_main_key(stage.paths, stage.before.k_main).header.gen == stage.before.header.gen


def test_a_keyring_of_another_machine_is_lost_and_named(stage, monkeypatch):
    """Its item is on the other machine: it cannot be wrapped again from here."""
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    plan = rekey_plan.make_plan(stage.context, stage.open(), passphrase=FIRST, kdf=CHEAP)
    assert stage.records["keyring"] in plan.lost
    assert "host" in plan.question()
    done = rekey.carry_out(stage.context, plan)
    assert [r.type for r in done.opened.header.slots] == ["pass", "pass"]


def test_a_keyring_is_not_left_as_the_only_slot(stage):
    """Without a passphrase, and without a terminal for a code, rekey refuses, and says what helps."""
    opened = vault.open_with(stage.paths, KeyringSlot(seconds=PATIENCE))
    with pytest.raises(errors.Usage, match="a keyring or TPM alone") as caught:
        rekey_plan.make_plan(stage.context, opened, passphrase=None)
    assert "passwd" in caught.value.hint


def test_the_only_slot_of_the_strict_seeds_is_not_removed(stage):
    """Its seeds could never be read again."""
    with pytest.raises(errors.Usage, match=r"only the passphrase slot .* opens the strict seeds"):
        rekey_plan.make_plan(
            stage.context, stage.open(), passphrase=FIRST, without=stage.before.header.slots[-1]
        )
