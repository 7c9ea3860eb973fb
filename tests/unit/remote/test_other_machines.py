"""What a rotation knows of the other machines: who may still use the old key, and who rotates it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.machines import Computer
from tests.unit.remote.conftest import bucket, desktop, laptop
from tests.vaults import entry
from vault import limits
from vault.remote import summary
from vault.remote.other_machines import MachinesView, view, waited_for
from vault.remote.summary import RotationWait
from vault.secret import Secret
from vault.store.vault import KeyPair, RotationJournal

__all__ = ["bucket", "desktop", "laptop"]

OLD, NEW = "AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPLE"


def seen(machine, name="dev"):
    payload = machine.opened().payload
    return view(payload, payload.entries[name])


def take_over(machine, *names, step="retire", **more):
    """As a rotation does it: the new key, and the journal with the old one."""
    old = KeyPair(access_key_id=OLD, secret=Secret("s"))
    journal = RotationJournal(step=step, began=5, old=old, **more)

    def change(payload):
        for name in names:
            payload = payload.with_entry(
                name, replace(payload.entries[name], access_key_id=NEW, journal=journal)
            )
        return payload

    machine.edit(change)


def test_vault_of_one_machine(tmp_path):
    payload = _alone(tmp_path).opened().payload
    assert view(payload, payload.entries["dev"]) == MachinesView()


def _alone(tmp_path):
    from tests.fakes.bucket import InProcessBucket
    from tests.vaults import new_vault

    machine = Computer(tmp_path, "alone", InProcessBucket())
    machine.k_main = new_vault(machine.paths).k_main
    machine.store("dev")
    return machine


def test_machine_waits_until_it_has_merged_the_new_key(laptop, desktop):
    """Not before it is sent, and not when it is sent; a later edit of another field changes nothing."""
    assert seen(laptop) == MachinesView(("desktop",), (), "")
    take_over(laptop, "dev")
    assert seen(laptop).waiting == ("desktop",)
    laptop.sync()
    assert seen(laptop).waiting == ("desktop",)
    desktop.sync()
    assert seen(laptop).waiting == ("desktop",)  # not known here yet
    laptop.sync()
    assert seen(laptop).waiting == ()
    laptop.edit(lambda p: p.with_entry("dev", replace(p.entries["dev"], mfa_serial="arn:aws:iam::1:mfa/a")))
    laptop.sync()
    assert seen(laptop).waiting == ()


def test_the_own_edit_of_a_machine_is_not_waited_for(laptop, desktop):
    """The key came from there: the laptop rotates nothing, and the desktop has it."""
    desktop.store("dev", NEW)
    desktop.sync()
    laptop.sync()
    assert seen(laptop).waiting == ()


def test_every_entry_with_the_key_counts(laptop, desktop):
    """The machine has one of two."""
    laptop.store("again", OLD)
    laptop.sync()
    desktop.sync()
    take_over(laptop, "dev")
    laptop.sync()
    desktop.sync()
    take_over(laptop, "again")
    laptop.sync()
    assert seen(laptop).waiting == ("desktop",)
    desktop.sync()
    laptop.sync()
    assert seen(laptop).waiting == ()


def test_machine_that_was_removed_is_not_waited_for(laptop, desktop):
    take_over(laptop, "dev")
    laptop.sync()
    gone = next(one.id for one in laptop.sync(accept=True).machines if one.name == "desktop")
    laptop.sync(removes=(gone,))
    assert seen(laptop) == MachinesView()


def test_machine_that_keeps_the_old_key_in_a_conflict_waits(laptop, desktop):
    """It has merged the edit, and goes on with its own version until the user chooses."""
    desktop.edit(lambda p: p.with_entry("dev", entry(OLD, account="111111111111", user="somebody")))
    take_over(laptop, "dev")
    laptop.sync()
    assert desktop.sync().waiting
    laptop.sync()
    assert desktop.held()["dev"] == OLD
    assert seen(laptop).waiting == ("desktop",)
    laptop.sync(choices={"dev": "laptop"})
    desktop.sync()
    laptop.sync()
    assert seen(laptop).waiting == ()


@pytest.mark.parametrize("name", ["dev", "again"])
def test_another_machine_rotates_the_key(laptop, desktop, name):
    """Under any name of the key; a rotation of this machine does not count."""
    laptop.store("again", OLD)
    laptop.sync()
    desktop.sync()

    def begin(payload):
        journal = RotationJournal(step="create", began=5)
        return payload.with_entry("dev", replace(payload.entries["dev"], journal=journal))

    laptop.edit(begin)
    laptop.sync()
    desktop.sync()
    assert seen(desktop, name).elsewhere == "laptop"
    assert seen(laptop, name).elsewhere == ""
    gone = next(one.id for one in desktop.sync(accept=True).machines if one.name == "laptop")
    desktop.sync(removes=(gone,))
    assert seen(desktop, name).elsewhere == ""


# ── what other commands show ────────────────────────────────────────────────────────────────────


def shown(machine):
    """The rotations that wait, as the last sync left them."""
    opened = machine.opened()
    return summary.read(machine.paths, opened.vault_id, opened.cache_key).rotations


def wait(*machines, more=0):
    return RotationWait("dev", NEW, OLD, 5 + limits.MACHINES_GRACE, machines, more)


def test_a_sync_says_whom_a_rotation_waits_for(laptop, desktop):
    """Not before the others know the new key; with nobody missing, the old key can be deactivated."""
    take_over(laptop, "dev")
    assert shown(laptop) == ()
    laptop.sync()
    assert shown(laptop) == (wait("desktop"),)
    desktop.sync()
    assert shown(desktop) == ()
    laptop.sync()
    assert shown(laptop) == (wait(),)


@pytest.mark.parametrize(
    ("step", "more", "waits"),
    [("drop", {"taken_back": True}, True), ("drop", {}, False), ("undo", {}, False), ("grace", {}, False)],
)
def test_rotations_that_wait_for_nobody(laptop, desktop, step, more, waits):
    """An undo waits too. --delete-now does not, and a key that is kept is inactive."""
    take_over(laptop, "dev", step=step, **more)
    laptop.sync()
    assert shown(laptop) == ((wait("desktop"),) if waits else ())


def test_machines_of_one_name_are_told_apart(tmp_path, bucket, laptop, desktop):
    twin = Computer(tmp_path / "again", "desktop", bucket)
    twin.join()
    laptop.sync()
    take_over(laptop, "dev")
    laptop.sync()
    ids = sorted((desktop.local().me, twin.local().me))
    assert seen(laptop).waiting == tuple(f"desktop ({one})" for one in ids)
    twin.store("prod", OLD)
    twin.sync()
    (came,) = laptop.sync().came
    assert (came.name, came.by) == ("prod", f"desktop ({twin.local().me})")


def test_many_machines_are_counted(tmp_path, bucket, laptop, desktop):
    for number in range(9):
        Computer(tmp_path, f"n{number}", bucket).join()
    laptop.sync()
    take_over(laptop, "dev")
    laptop.sync()
    (found,) = shown(laptop)
    assert (found.machines, found.more) == (("desktop", *(f"n{n}" for n in range(7))), 2)


def test_edit_of_another_field_that_came_meanwhile_does_not_wait(laptop, desktop):
    """It was made for the old key, and is shown with the new one on every machine: nobody keeps the old."""
    known = {"account": "111111111111", "user": "somebody"}
    laptop.edit(lambda p: p.with_entry("dev", replace(p.entries["dev"], **known)))
    for machine in (laptop, desktop):
        machine.sync()
    desktop.edit(lambda p: p.with_entry("dev", replace(p.entries["dev"], mfa_serial="arn:aws:iam::1:mfa/a")))
    take_over(laptop, "dev")
    for machine in (laptop, desktop, laptop):
        machine.sync()
    assert desktop.held()["dev"] == NEW
    assert seen(laptop).waiting == ()


def test_old_key_that_waits_for_an_answer_is_waited_for_by_all(laptop, desktop, tmp_path):
    """Also if the machine that stored it was removed: which version the others use is not known here."""
    desktop.edit(lambda p: p.with_entry("dev", entry(OLD, account="111111111111", user="somebody")))
    desktop.sync()
    build = Computer(tmp_path, "build", laptop.bucket)
    build.join()
    take_over(laptop, "dev")
    for machine in (laptop, build, laptop):
        machine.sync()
    assert build.held()["dev"] == OLD
    gone = next(one.id for one in laptop.sync(accept=True).machines if one.name == "desktop")
    laptop.sync(removes=(gone,))
    assert seen(laptop).waiting == ("build",)
    assert waited_for(laptop.opened().payload) == {"dev": ("build",)}


def test_keys_that_only_other_machines_have(laptop, desktop):
    """Of a version that waits for an answer and of a rotation; not what an entry here shows, and not of a removed machine."""
    assert seen(laptop).held == {}
    assert waited_for(laptop.opened().payload) == {}
    laptop.store("again", OLD)
    for machine in (laptop, desktop):
        machine.sync()
    desktop.edit(lambda p: p.with_entry("again", entry("AKIAOTHER", user="somebody")))
    laptop.edit(lambda p: p.with_entry("again", entry(OLD, user="another")))
    new = KeyPair(access_key_id=NEW, secret=Secret("s"))
    journal = RotationJournal(step="prove", began=5, new=new)
    desktop.edit(lambda p: p.with_entry("dev", replace(p.entries["dev"], journal=journal)))
    for machine in (laptop, desktop, laptop):
        machine.sync()
    assert seen(laptop).held == {"AKIAOTHER": "again", NEW: "dev"}
    gone = next(one.id for one in laptop.sync(accept=True).machines if one.name == "desktop")
    laptop.sync(removes=(gone,))
    assert seen(laptop).held == {"AKIAOTHER": "again"}
