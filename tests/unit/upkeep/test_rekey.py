"""New master keys: each old secret against each operation, and accidents on the way."""

from __future__ import annotations

import os

import pytest

from tests.home import PASSPHRASE
from tests.patience import PATIENCE
from tests.unit.benches import Bench
from tests.unit.upkeep.stage import FIRST, KINDS, NEW, SECOND, SERIAL, STRICT, stage
from tests.vaults import CHEAP, soon
from vault import errors
from vault.context import Context
from vault.errors import NotThisSlot
from vault.mfa.ledger import UsedCode
from vault.secret import Secret
from vault.settings import Settings
from vault.store import file, vault
from vault.store.slots import unwrap_key
from vault.store.slots.keyring import KeyringSlot
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot, new_code
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env
from vault.unlocking.keys import OpenedKeys
from vault.upkeep import backups, rekey, rekey_plan, slots

__all__ = ["stage"]


OPERATIONS = ("passwd", "rekey", *(f"remove {kind}" for kind in KINDS), "restore")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_old_secret_opens_the_new_file_and_each_kept_slot_does(stage, operation, monkeypatch):
    """The old main key, and each old slot's key, against every slot of the new file; then passphrase, keyring and code."""
    stage.open_terminal(monkeypatch)
    vault_id = stage.before.vault_id
    if operation == "restore":
        stage.act("passwd")
        copy = str(stage.paths.home) + "/copy"
        backups.write(stage.open(NEW), copy)
        vault.edit(stage.paths, stage.open(NEW).k_main, lambda p: p.without_entry("a"), deadline=soon())
        stage.context.passphrase = NEW
        after = backups.restore_backup(stage.context, backups.choose(stage.context, copy, accept=False))
    else:
        _, done = stage.act(operation)
        assert done.left == ()
        after = done.opened
    with pytest.raises(vault.KeysChanged):
        vault.open_with_main_key(stage.paths, stage.before.k_main)
    for kind, kek in stage.keks.items():
        for record in after.header.slots:
            with pytest.raises(NotThisSlot):
                unwrap_key(kek, record, vault_id=vault_id)
        assert kind in KINDS
    assert after.cache_key != stage.before.cache_key
    assert list(after.payload.entries) == ["a"]
    # The strict box was locked: its bytes and its slot are unchanged.
    assert after.file.strict == stage.before.file.strict
    assert vault.open_strict(after, PassphraseSlot(STRICT), path="it").seeds[SERIAL].digits == 6
    known = {"passwd": NEW, "restore": NEW, "remove pass": SECOND}.get(operation, FIRST)
    assert stage.open(known).k_main == after.k_main
    for wrong in {FIRST.reveal(), SECOND.reveal(), NEW.reveal()} - {known.reveal()}:
        with pytest.raises(errors.WrongPassphrase):
            stage.open(Secret(wrong))
    with pytest.raises(NotThisSlot):
        vault.open_with(stage.paths, RecoverySlot(stage.code))
    gone = operation.removeprefix("remove ")
    types = [record.type for record in after.header.slots if record.opens == "main"]
    assert types == ["pass", *(kind for kind in ("keyring", "recovery") if kind != gone)]
    if operation != "remove recovery":
        assert vault.open_with(stage.paths, RecoverySlot(stage.context.user.code)).k_main == after.k_main
    if operation == "remove keyring":
        assert stage.desktop.items() == {}
        with pytest.raises(NotThisSlot):
            vault.open_with(stage.paths, KeyringSlot(seconds=PATIENCE))
    else:
        assert vault.open_with(stage.paths, KeyringSlot(seconds=PATIENCE)).k_main == after.k_main
        assert len(stage.desktop.items()) == 1, "the old item is gone"


def test_a_keyring_that_locks_leaves_the_vault_as_it_was(stage):
    """The new item cannot be created, so nothing is written, and the old slots still open the vault."""
    plan = rekey_plan.make_plan(stage.context, stage.open(), passphrase=FIRST, kdf=CHEAP)
    stage.desktop.lock()
    with pytest.raises(errors.ConfigError, match="locked"):
        rekey.carry_out(stage.context, plan)
    assert vault.open_with_main_key(stage.paths, stage.before.k_main).header.gen == stage.before.header.gen


def test_a_log_that_cannot_be_kept_undoes_nothing(stage):
    """The vault has its new keys by then: the slots are those of the new file, and the result says why the log is lost."""
    os.makedirs(stage.paths.log)
    os.chmod(stage.paths.log, 0o755)
    plan = rekey_plan.make_plan(stage.context, stage.open(), passphrase=FIRST, kdf=CHEAP)
    done = rekey.carry_out(stage.context, plan)
    assert stage.paths.log in done.log
    assert vault.open_with(stage.paths, KeyringSlot(seconds=PATIENCE)).k_main == done.opened.k_main
    assert len(stage.desktop.items()) == 1


def test_slots_that_another_process_changed_stop_the_rekey(stage):
    """The two sets of slots are not mixed, and the new keyring item is deleted."""
    plan = rekey_plan.make_plan(stage.context, stage.open(), passphrase=FIRST, kdf=CHEAP)
    slots.append(stage.context, stage.before, RecoverySlot(new_code()))
    with pytest.raises(errors.StorageError, match="changed the slots"):
        rekey.carry_out(stage.context, plan)
    assert len(stage.desktop.items()) == 1
    assert vault.open_with(stage.paths, KeyringSlot(seconds=PATIENCE)).k_main == stage.before.k_main


def test_a_rekey_without_strict_slots_replaces_the_strict_key_too(tmp_path):
    """While the strict key is in the main box, anyone who had the old main key had it."""
    env = {"HOME": str(tmp_path), "AWSVAULT_AGENT": "off"}
    context = Context(
        env=env, paths=from_env(env), clock=SystemClock(), deadline=Deadline.after(50), attended=True,
        settings=Settings(prompt="none", keyring="off"),
    )  # fmt: skip
    before = vault.create(context.paths, passphrase=FIRST, kdf=CHEAP, deadline=soon())
    after = rekey.carry_out(
        context, rekey_plan.make_plan(context, before, passphrase=FIRST, kdf=CHEAP)
    ).opened
    assert after.payload.strict_key != before.payload.strict_key
    assert vault.open_strict(after, None, path="it").seeds == {}


def test_a_code_sent_before_a_rekey_is_known_after_it(tmp_path):
    """AWS remembers it: after one rekey, and after the next."""
    env = {"HOME": str(tmp_path), "AWSVAULT_AGENT": "off"}
    context = Context(
        env=env, paths=from_env(env), clock=SystemClock(), deadline=Deadline.after(PATIENCE), attended=True,
        settings=Settings(prompt="none", keyring="off"),
    )  # fmt: skip
    opened = vault.create(context.paths, passphrase=FIRST, kdf=CHEAP, deadline=soon())
    for text in ("123456", "234567", "345678"):
        keys = OpenedKeys(opened, paths=context.paths, clock=context.clock)
        keys.note_code(SERIAL, text, deadline=context.deadline)
        for sent in ("123456", text):
            with pytest.raises(UsedCode):
                keys.note_code(SERIAL, sent, deadline=context.deadline)
        opened = vault.open_with_passphrase(context.paths, FIRST, deadline=soon())
        opened = rekey.carry_out(
            context, rekey_plan.make_plan(context, opened, passphrase=FIRST, kdf=CHEAP)
        ).opened


def test_what_a_rekey_could_not_delete_is_named(desk, beside, home, aws, cheaply):
    """An old file that cannot be deleted may have what the old keys open: its path is listed. A locked agent stays locked."""
    bench = Bench(home, aws)
    context = bench.context()
    stuck = os.path.join(context.paths.vault_folder, file.SET_ASIDE)
    os.mkdir(stuck)
    made = rekey_plan.make_plan(context, bench.opened(), passphrase=Secret(PASSPHRASE), kdf=CHEAP)
    done = rekey.carry_out(context, made)
    assert done.left == (stuck,)
    assert beside.state.why == "locked"
    assert bench.opened().k_main == done.opened.k_main
