"""New master keys: every old secret against every operation, and what is said of slots that cannot be kept."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tests.keyrings import Desktop
from tests.patience import PATIENCE
from tests.vaults import CHEAP, entry, soon
from vault import errors, limits
from vault.context import Context
from vault.errors import NotThisSlot
from vault.mfa.ledger import UsedCode
from vault.secret import Secret
from vault.settings import Settings
from vault.store import kdf, vault
from vault.store.boxes import Strict
from vault.store.format import Ext, SlotRecord
from vault.store.payload import StoredSeed
from vault.store.slots import new_sid, unwrap_key, wrap_key
from vault.store.slots.keyring import KeyringSlot
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot, new_code, read_code, write_code
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env
from vault.unlocking.keys import OpenedKeys
from vault.upkeep import backups, rekey, rekey_plan, slots

FIRST, SECOND, STRICT = (
    Secret("the first passphrase"),
    Secret("the second passphrase"),
    Secret("for strict seeds alone"),
)
NEW = Secret("a passphrase of its own")
SERIAL = "arn:aws:iam::111111111111:mfa/y"
KINDS = ("pass", "second pass", "keyring", "recovery", "ext")


class Person:
    """Somebody at a terminal who writes the code down and types it back."""

    code = None

    def tell(self, text):
        self.code = read_code(Secret(text)) or self.code

    def hidden(self, question, **more):
        return Secret(write_code(self.code))


class AtATerminal(Context):
    """A context whose terminal is ``person``."""

    person = Person()

    @property
    def interaction(self):
        return self.person


class Stage:
    """A vault with a slot of each kind, and every key-encryption key of it."""

    def __init__(self, tmp_path, desktop):
        self.desktop = desktop
        env = {"HOME": str(tmp_path), "AWSVAULT_AGENT": "off"}
        self.context = Context(
            env=env, paths=from_env(env), clock=SystemClock(), deadline=Deadline.after(100), passphrase=FIRST, attended=True,
            settings=Settings(prompt="none", agent="off"),
        )  # fmt: skip
        self.paths = self.context.paths
        code, helper, strict = new_code(), vault.new_key(), vault.new_key()
        self.code = code
        others = [PassphraseSlot(SECOND, kdf=CHEAP), KeyringSlot(gen=1, seconds=PATIENCE), RecoverySlot(code)]
        opened = vault.create(self.paths, passphrase=FIRST, others=others, kdf=CHEAP, deadline=soon())
        vault_id = opened.vault_id

        def more(draft, _):
            ext = SlotRecord(type="ext", sid=new_sid(), opens="main", wrap=b"", ext=Ext(name="age", data=b""))
            ext = wrap_key(helper, ext, vault_id=vault_id, key=draft.k_main)
            own = PassphraseSlot(STRICT, kdf=CHEAP).wrap(strict, vault_id=vault_id, opens="strict")
            seeds = {SERIAL: StoredSeed(secret=Secret("JBSWY3DPEHPK3PXP"), created=1)}
            payload = draft.payload.with_entry("a", entry()).with_strict_seed(SERIAL)
            return replace(
                draft, slots=(*draft.slots, ext, own), strict=Strict(key=strict, seeds=seeds), payload=payload
            )

        self.before = vault.rewrite(self.paths, opened.k_main, more, deadline=soon())
        self.records = dict(zip(KINDS, self.before.header.slots, strict=False))
        recovery = RecoverySlot(code)._kek(self.records["recovery"], vault_id)
        (item,) = desktop.items().values()
        from vault.crypto.seal import unb64u

        self.keks = {
            "pass": self._kek(FIRST, "pass"),
            "second pass": self._kek(SECOND, "second pass"),
            "keyring": Secret(unb64u(item.split(":")[1])),
            "recovery": recovery,
            "ext": helper,
        }
        for kind, kek in self.keks.items():
            assert unwrap_key(kek, self.records[kind], vault_id=vault_id) == self.before.k_main

    def _kek(self, passphrase, kind):
        record = self.records[kind]
        return kdf.derive(passphrase, params=record.kdf, salt=record.salt, available_kib=None)

    def somebody_sits_there(self, monkeypatch):
        """From here on there is a person to show a recovery code to."""
        monkeypatch.setattr("vault.upkeep.recovery_code.has_terminal", lambda: True)
        here = self.context
        self.context = AtATerminal(
            env=here.env, paths=here.paths, clock=here.clock, deadline=here.deadline, passphrase=FIRST, attended=True,
            settings=here.settings._replace(prompt="tty"),
        )  # fmt: skip
        self.context.person = Person()

    def open(self, passphrase=FIRST):
        return vault.open_with_passphrase(self.paths, passphrase, deadline=soon())

    def act(self, operation):
        if operation == "passwd":
            plan = rekey_plan.make_plan(
                self.context, self.open(), passphrase=None, new_passphrase=NEW, kdf=CHEAP
            )
        elif operation == "rekey":
            plan = rekey_plan.make_plan(self.context, self.open(), passphrase=FIRST, kdf=CHEAP)
        else:
            gone = self.records[operation.removeprefix("remove ")]
            passphrase = SECOND if gone == self.records["pass"] else FIRST
            opened = self.open(passphrase)
            plan = rekey_plan.make_plan(self.context, opened, passphrase=passphrase, without=gone, kdf=CHEAP)
        return plan, rekey.carry_out(self.context, plan)


@pytest.fixture
def stage(tmp_path, monkeypatch):
    desktop = Desktop(tmp_path)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", desktop.address)
    # This keyring answers, if the machine lets it.
    monkeypatch.setattr(limits, "KEYRING_WRITE_TIMEOUT", PATIENCE)
    desktop.log_in()
    yield Stage(tmp_path, desktop)
    desktop.end()


OPERATIONS = ("passwd", "rekey", *(f"remove {kind}" for kind in KINDS), "restore")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_old_secret_opens_the_new_file_and_each_way_that_stays_does(stage, operation, monkeypatch):
    """The old main key, and each old slot's key, against every slot of the new file; then passphrase, keyring and code."""
    stage.somebody_sits_there(monkeypatch)
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
    # The strict box was locked: its bytes and its slot are those of before.
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
        assert vault.open_with(stage.paths, RecoverySlot(stage.context.person.code)).k_main == after.k_main
    if operation == "remove keyring":
        assert stage.desktop.items() == {}
        with pytest.raises(NotThisSlot):
            vault.open_with(stage.paths, KeyringSlot(seconds=PATIENCE))
    else:
        assert vault.open_with(stage.paths, KeyringSlot(seconds=PATIENCE)).k_main == after.k_main
        assert len(stage.desktop.items()) == 1, "the old item is gone"


def test_what_cannot_be_kept_is_named_before_anything_is_done(stage):
    """A second passphrase, a code without a terminal to show it on, and a helper's slot: none of them at hand."""
    plan = rekey_plan.make_plan(stage.context, stage.open(), passphrase=FIRST, kdf=CHEAP)
    assert plan.lost == tuple(stage.records[kind] for kind in ("second pass", "recovery", "ext"))
    question = plan.question()
    for kind in ("second pass", "recovery", "ext"):
        assert stage.records[kind].name in question
    assert vault.open_with_main_key(stage.paths, stage.before.k_main).header.gen == stage.before.header.gen


def test_a_keyring_of_another_machine_is_lost_and_named(stage, monkeypatch):
    """Its item lies elsewhere: it cannot be wrapped anew from here."""
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    plan = rekey_plan.make_plan(stage.context, stage.open(), passphrase=FIRST, kdf=CHEAP)
    assert stage.records["keyring"] in plan.lost
    assert "host" in plan.question()
    done = rekey.carry_out(stage.context, plan)
    assert [r.type for r in done.opened.header.slots] == ["pass", "pass"]


def test_a_keyring_alone_is_not_left_as_the_only_way_in(stage):
    """Without a passphrase at hand and without a terminal for a code, rekey refuses, and says what helps."""
    opened = vault.open_with(stage.paths, KeyringSlot(seconds=PATIENCE))
    with pytest.raises(errors.Usage, match="a keyring alone") as caught:
        rekey_plan.make_plan(stage.context, opened, passphrase=None)
    assert "passwd" in caught.value.hint


def test_a_keyring_that_locks_meanwhile_leaves_all_as_it_was(stage):
    """The new item cannot be made, so nothing is written, and the old way still leads in."""
    plan = rekey_plan.make_plan(stage.context, stage.open(), passphrase=FIRST, kdf=CHEAP)
    stage.desktop.lock()
    with pytest.raises(errors.ConfigError, match="locked"):
        rekey.carry_out(stage.context, plan)
    assert vault.open_with_main_key(stage.paths, stage.before.k_main).header.gen == stage.before.header.gen


def test_a_log_that_cannot_be_taken_along_undoes_nothing(stage):
    """The vault has its new keys by then: the ways in are those of the new file, and the log's trouble is told."""
    os.makedirs(stage.paths.log)
    os.chmod(stage.paths.log, 0o755)
    plan = rekey_plan.make_plan(stage.context, stage.open(), passphrase=FIRST, kdf=CHEAP)
    done = rekey.carry_out(stage.context, plan)
    assert stage.paths.log in done.log
    assert vault.open_with(stage.paths, KeyringSlot(seconds=PATIENCE)).k_main == done.opened.k_main
    assert len(stage.desktop.items()) == 1


def test_slots_that_changed_meanwhile_stop_the_renewal(stage):
    """Two machines' ideas of the slots are not mixed; the new keyring item is taken back."""
    plan = rekey_plan.make_plan(stage.context, stage.open(), passphrase=FIRST, kdf=CHEAP)
    slots.append(stage.context, stage.before, RecoverySlot(new_code()))
    with pytest.raises(errors.StorageError, match="changed the slots"):
        rekey.carry_out(stage.context, plan)
    assert len(stage.desktop.items()) == 1
    assert vault.open_with(stage.paths, KeyringSlot(seconds=PATIENCE)).k_main == stage.before.k_main


def test_the_only_slot_of_the_strict_seeds_is_not_taken_away(stage):
    """Its seeds could never be read again."""
    with pytest.raises(errors.Usage, match=r"only the passphrase slot .* opens the strict seeds"):
        rekey_plan.make_plan(
            stage.context, stage.open(), passphrase=FIRST, without=stage.before.header.slots[-1]
        )


def test_a_renewal_without_strict_slots_renews_the_strict_key_too(tmp_path):
    """While its key lies in box main, whoever had the old main key had it."""
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


def test_second_ways_in_are_added_once_and_within_their_number(stage):
    """This machine's keyring once, two passphrases, eight slots in all."""
    with pytest.raises(errors.AlreadyExists):
        slots.add_keyring(stage.context, stage.before)
    with pytest.raises(errors.Usage, match="2 passphrases"):
        slots.check_passphrase_room(stage.before)
    opened = stage.before
    for _ in range(2):
        opened = slots.append(stage.context, opened, RecoverySlot(new_code()))
    with pytest.raises(errors.Usage, match="8 slots"):
        slots.add_recovery(stage.context, opened)


def test_slots_are_listed_without_a_key_and_found_by_the_beginning_of_their_name(stage):
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


def test_a_code_sent_before_new_keys_is_known_after_them(tmp_path):
    """AWS remembers it whatever becomes of our keys: after one renewal, and after the next."""
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
