"""Keys that only another machine holds: a rotation deletes none of them, and leaves none of its own behind."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from tests.fakes.bucket import Died
from tests.fakes.example import KEY_ID
from tests.home import endpoint_trust
from tests.unit.benches import NAME
from tests.unit.rotation.sharers import between_steps, machines
from vault import errors
from vault.rotation import rotate
from vault.rotation.state_machine import TwoKeys
from vault.rotation.steps import RotationRequest
from vault.secret import Secret

UNDO = RotationRequest(undo=True)


@pytest.fixture
def two(tmp_path, aws):
    return machines(tmp_path, aws, "laptop", "desktop")


def stopped(machine, patch, step):
    """A run that is killed when the journal is at ``step``, and told."""

    def kill(_):
        journal = machine.opened().payload.entries[NAME].journal
        if journal is not None and journal.step == step:
            raise Died

    between_steps(patch, kill)
    with pytest.raises(Died):
        machine.rotate()
    patch.undo()


@pytest.mark.parametrize("request_", [RotationRequest(), UNDO, RotationRequest(finish=True)])
@pytest.mark.parametrize("step", ["create", "prove"])
def test_copy_of_the_vault_from_before_the_new_key_took_over(two, monkeypatch, step, request_):
    """Restored later, it says that a rotation is in progress, whose new key all machines use by now: the key stays."""
    laptop, desktop = two
    stopped(laptop, monkeypatch, step)
    copy = laptop.computer.files()
    new = laptop.rotate().key_id
    desktop.sync()
    laptop.rotate()
    laptop.computer.put_back(copy)
    with suppress(errors.RotationStopped):  # its former self is a machine that rotates this key
        laptop.rotate(request_)
    assert laptop.keys_at_aws()[new] == "Active"
    assert laptop.entry.access_key_id == new
    assert desktop.works()


def with_key(key_id, secret):
    """An edit that replaces the entry's key."""
    return lambda p: p.with_entry(
        NAME, replace(p.entries[NAME], access_key_id=key_id, secret=Secret(secret), user="another")
    )


def test_other_key_that_another_machine_stored(two):
    """Each machine has a key of the user, and the user has not chosen yet: the desktop's is not deleted for the laptop's."""
    laptop, desktop = two
    other = laptop.aws.world.add_key(laptop.user)
    desktop.edit(with_key(other.id, other.secret))
    laptop.edit(lambda p: p.with_entry(NAME, replace(p.entries[NAME], user="somebody")))
    for machine in (laptop, desktop, laptop):
        machine.sync()
    assert (laptop.entry.access_key_id, desktop.entry.access_key_id) == (KEY_ID, other.id)
    with pytest.raises(errors.Declined, match="on another machine") as caught:
        laptop.rotate(RotationRequest(delete_other=other.id))
    assert "awsvault-py sync" in caught.value.hint
    with pytest.raises(TwoKeys) as two_keys:
        laptop.rotate()
    assert "--delete-other" not in two_keys.value.hint
    assert laptop.keys_at_aws()[other.id] == "Active"
    assert desktop.works()


def test_entry_that_is_removed_when_the_new_key_exists(two, monkeypatch):
    """By another machine, before the key took over: the new key goes, since nothing would name it."""
    laptop, desktop = two

    def meanwhile(_):
        journal = laptop.opened().payload.entries[NAME].journal
        if journal is not None and journal.step == "prove" and NAME in desktop.computer.held():
            desktop.computer.remove(NAME)
            desktop.sync()

    between_steps(monkeypatch, meanwhile)
    with pytest.raises(errors.RotationStopped, match=r"removed or renamed the entry.* was deleted again"):
        laptop.rotate()
    assert laptop.keys_at_aws() == {KEY_ID: "Active"}


def test_new_key_of_a_removed_entry_that_cannot_be_deleted(two, monkeypatch):
    """IAM refuses: the error names the key."""
    laptop, desktop = two
    laptop.user.denied = {"iam:DeleteAccessKey"}

    def meanwhile(_):
        journal = laptop.opened().payload.entries[NAME].journal
        if journal is not None and journal.step == "prove" and NAME in desktop.computer.held():
            desktop.computer.remove(NAME)
            desktop.sync()

    between_steps(monkeypatch, meanwhile)
    with pytest.raises(errors.RotationStopped) as caught:
        laptop.rotate()
    (new,) = laptop.keys_at_aws().keys() - {KEY_ID}
    assert f"its new key {new} could not be deleted again: " in caught.value.message
    assert "IAM console" in caught.value.hint


def test_entry_that_is_removed_after_the_new_key_took_over(two, monkeypatch):
    """Both keys stay, and the error names the one that no entry names any more."""
    laptop, desktop = two
    laptop.rotate()
    desktop.sync()

    def meanwhile(_):
        journal = laptop.opened().payload.entries[NAME].journal
        if journal is not None and journal.step == "grace" and NAME in desktop.computer.held():
            desktop.computer.remove(NAME)
            desktop.sync()

    between_steps(monkeypatch, meanwhile)
    with pytest.raises(errors.RotationStopped, match=f"the key {KEY_ID} of its rotation is still at AWS"):
        laptop.rotate()
    assert len(laptop.keys_at_aws()) == 2


def test_edit_of_another_field_is_not_waited_for(two):
    """The desktop gave the entry a device while the laptop rotated: both show the new key with the device, so nobody keeps the old."""
    laptop, desktop = two
    for one in two:
        one.edit(
            lambda p: p.with_entry(NAME, replace(p.entries[NAME], account="111111111111", user="yourself"))
        )
        one.sync()
    laptop.sync()
    desktop.edit(
        lambda p: p.with_entry(NAME, replace(p.entries[NAME], mfa_serial="arn:aws:iam::111111111111:mfa/a"))
    )
    laptop.rotate()
    desktop.sync()
    assert laptop.entry.access_key_id == desktop.entry.access_key_id
    laptop.sync()
    assert laptop.rotate().waiting == ()


def test_entry_that_was_renamed_while_another_machine_rotates_it(two, monkeypatch):
    """The new key is that rotation's: the entry of the new name does not make room by it."""
    laptop, desktop = two
    stopped(laptop, monkeypatch, "prove")
    laptop.sync()
    desktop.edit(lambda p: p.with_entry("renamed", p.entries[NAME]).without_entry(NAME))
    desktop.sync()
    prepared = rotate.prepare(
        desktop.context(), desktop.opened(), "renamed",
        trust=endpoint_trust(desktop.context()), tell=desktop.told.append, sync=desktop.computer.sync,
    )  # fmt: skip
    (new,) = {key.id for key in prepared.state.keys} - {KEY_ID}
    with pytest.raises(errors.Declined, match="on another machine"):
        rotate.carry_out(desktop.context(), desktop.opened(), prepared, RotationRequest(delete_other=new))
    assert new in desktop.keys_at_aws()
