"""Answers to conflicts as a user was shown them: for exactly these versions, and for no others."""

from __future__ import annotations

import dataclasses

import pytest

from tests.unit.remote.test_merging import conflict
from tests.vaults import CHEAP
from vault.remote.merging import ConflictAnswer
from vault.secret import Secret
from vault.store import vault
from vault.store.boxes import Strict
from vault.store.payload import StoredSeed
from vault.store.slots.passphrase import PassphraseSlot

SERIALS = {
    "laptop": "arn:aws:iam::111111111111:mfa/laptop",
    "desktop": "arn:aws:iam::111111111111:mfa/desktop",
}


def answer(waits, kept):
    """Keep the version of which ``kept`` is true."""
    (chosen,) = [one.ref for one in waits.versions if kept(one)]
    return ConflictAnswer(waits.key, frozenset(one.ref for one in waits.versions), chosen)


@pytest.mark.parametrize("machine", ["laptop", "desktop"])
def test_the_chosen_version_is_kept_on_all_machines(laptop, desktop, machine):
    waits = conflict(laptop, desktop)
    key_id = next(one.key_id for one in waits.versions if one.by == machine)
    done = desktop.sync(answers=(answer(waits, lambda one: one.by == machine),))
    assert (done.waiting, done.pushed) == ((), True)
    assert laptop.sync().waiting == ()
    assert laptop.held() == desktop.held() == {"dev": key_id}


def test_a_removed_version_is_kept(laptop, desktop):
    laptop.remove("dev")
    desktop.store("dev", "AKIAI55QH8DHBEXAMPLE")
    laptop.sync()
    (waits,) = desktop.sync().waiting
    desktop.sync(answers=(answer(waits, lambda one: one.removed),))
    laptop.sync()
    assert laptop.held() == desktop.held() == {}


def test_an_answer_to_what_has_changed_since_changes_nothing(laptop, desktop):
    """The laptop edited once more: the user has not seen that version, and is asked again."""
    waits = conflict(laptop, desktop)
    laptop.sync()
    laptop.store("dev", "AKIAI66QH8DHBEXAMPLE")
    laptop.sync()
    (again,) = desktop.sync(answers=(answer(waits, lambda one: one.by == "laptop"),)).waiting
    assert "AKIAI66QH8DHBEXAMPLE" in {one.key_id for one in again.versions}
    assert desktop.held() == {"dev": "AKIAI55QH8DHBEXAMPLE"}


def test_an_answer_to_what_another_machine_has_answered(laptop, desktop):
    """The first answer counts; the second is no error."""
    waits = conflict(laptop, desktop)
    laptop.sync()
    laptop.sync(choices={"dev": "laptop"})
    done = desktop.sync(answers=(answer(waits, lambda one: one.by == "desktop"),))
    assert done.waiting == ()
    assert desktop.held() == {"dev": "AKIAI44QH8DHBEXAMPLE"}


def with_strict(computer):
    """mfa add --strict, with a passphrase of this machine's own."""
    serial, key = SERIALS[computer.name], vault.new_key()
    opened = computer.opened()
    slot = PassphraseSlot(Secret(f"strict phrase of {computer.name}"), kdf=CHEAP).wrap(
        key, vault_id=opened.vault_id, opens="strict"
    )
    seed = StoredSeed(secret=Secret("JBSWY3DPEHPK3PXP"), created=1)

    def change(draft, _):
        return dataclasses.replace(
            draft, payload=draft.payload.with_strict_seed(serial), slots=(*draft.slots, slot),
            strict=Strict(key=key, seeds={serial: seed}),
        )  # fmt: skip

    vault.rewrite(computer.paths, computer.k_main, change, deadline=computer._how()["deadline"])


def test_of_two_strict_boxes_one_is_kept_as_it_is(laptop, desktop):
    """They are told apart by machine and devices, and neither is opened for that."""
    with_strict(laptop)
    with_strict(desktop)
    laptop.sync()
    (waits,) = desktop.sync().waiting
    assert (waits.kind, waits.key) == ("strict", "strict")
    assert {one.by: one.devices for one in waits.versions} == {
        name: (serial,) for name, serial in SERIALS.items()
    }
    desktop.sync(answers=(answer(waits, lambda one: one.by == "laptop"),))
    assert desktop.opened().payload.strict_serials == (SERIALS["laptop"],)
    assert desktop.opened().file.strict == laptop.opened().file.strict
    laptop.sync()
    assert laptop.sync().waiting == ()


def test_a_machine_gets_another_name(laptop, desktop):
    """When it joins again."""
    desktop.sync(name="my desktop", rejoin=True)
    desktop.store("prod")
    desktop.sync()
    assert desktop.local().name == "my desktop"
    assert {one.name for one in laptop.sync().machines} == {"laptop", "my desktop"}
