"""panic with a remote: it takes the newest keys first, and ends those too that no entry shows."""

from __future__ import annotations

import json

import pytest

from tests.fakes.bucket import InProcessBucket
from tests.fakes.example import KEY_ID
from tests.fakes.s3 import URL
from tests.machines import Computer
from tests.vaults import entry
from vault.machines import panic_keys
from vault.secret import Secret
from vault.store.payload import KeyPair, RotationJournal

COLLEAGUE = ("AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY")


@pytest.fixture
def both(laptop, desktop):
    """Two machines that have the same."""
    laptop.remote()
    desktop.join()
    laptop.sync()
    return laptop, desktop


def store(machine, name, key, *more):
    given = json.dumps({"AccessKeyId": key[0], "SecretAccessKey": key[1]})
    machine.ok("add", name, "--stdin", "--no-verify", *more, stdin=given)


def panic(machine, code=0):
    return machine.ok("panic", "--yes", code=code)


def test_key_that_another_machine_has_stored_is_ended(both, aws):
    laptop, desktop = both
    store(desktop, "prod", COLLEAGUE)
    desktop.sync()
    said = panic(laptop).stderr
    assert "2 of 2 keys are inactive" in said
    assert {aws.world.keys[key].status for key in (KEY_ID, COLLEAGUE[0])} == {"Inactive"}


def test_both_keys_of_a_conflict_are_ended(both, aws):
    """The one that this machine shows, and the other one."""
    laptop, desktop = both
    store(laptop, "dev", COLLEAGUE, "--replace")
    second = aws.world.add_key(aws.world.user("yourself"))
    store(desktop, "dev", (second.id, second.secret), "--replace")
    desktop.sync()
    said = panic(laptop).stderr
    assert "2 of 2 keys are inactive" in said
    assert {aws.world.keys[key].status for key in (COLLEAGUE[0], second.id)} == {"Inactive"}


@pytest.mark.parametrize("trouble", ["denied", "a new key"])
def test_bucket_that_gives_nothing_stops_no_panic(both, s3, aws, trouble):
    """It is said, and the keys that are known here are ended. Nobody is asked for a passphrase."""
    laptop, desktop = both
    if trouble == "denied":
        s3.denies = {"GET"}
    else:
        desktop.ok("passwd", "--stdin", stdin="five other words for all")
    said = panic(laptop).stderr
    assert f"Could not sync with {URL}: " in said
    assert "not known here" in said
    assert aws.world.keys[KEY_ID].status == "Inactive"


@pytest.mark.parametrize("act", ["removes it", "replaces its secret"])
def test_key_that_the_thief_of_a_machine_takes_away_is_ended(both, aws, act):
    """The sync of the panic itself brings what the thief did."""
    laptop, desktop = both
    store(laptop, "prod", COLLEAGUE)
    laptop.sync()
    desktop.sync()
    if act == "removes it":
        desktop.ok("remove", "prod", "--yes")
    else:
        store(desktop, "prod", (COLLEAGUE[0], COLLEAGUE[1][::-1]), "--replace")
    desktop.sync()
    said = panic(laptop).stderr
    assert "2 of 2 keys are inactive" in said
    assert {aws.world.keys[key].status for key in (KEY_ID, COLLEAGUE[0])} == {"Inactive"}


def test_keys_that_came_are_ended_although_the_bucket_takes_nothing(both, s3, aws):
    """The sync has written the vault before it fails."""
    laptop, desktop = both
    store(desktop, "prod", COLLEAGUE)
    desktop.sync()
    s3.denies = {"PUT"}
    said = panic(laptop).stderr
    assert f"Could not sync with {URL}: " in said
    assert "not known here" not in said
    assert "2 of 2 keys are inactive" in said


@pytest.fixture
def bucket():
    return InProcessBucket()


def test_keys_of_a_rotation_on_another_machine_are_found(tmp_path, bucket):
    """In its journal: the new key, and the old one after it has taken over."""
    laptop, desktop = (Computer(tmp_path, name, bucket) for name in ("laptop", "desktop"))
    laptop.begin(dev=entry())
    desktop.join()
    new = KeyPair(access_key_id="AKIAI55QH8DHBEXAMPLE", secret=Secret("new"))
    journal = RotationJournal(step="created", began=1, known=(), new=new, old=None)
    desktop.edit(lambda p: p.with_entry("dev", entry(journal=journal)))
    desktop.sync()
    laptop.sync()
    assert panic_keys.elsewhere(desktop.opened()) == ()  # its own entry has it
    ((name, found),) = panic_keys.elsewhere(laptop.opened())
    assert (name, found.access_key_id, found.journal) == ("dev", "AKIAI55QH8DHBEXAMPLE", None)
    assert found.secret.reveal_text() == "new"


def test_keys_of_a_rotation_whose_entry_was_removed_elsewhere_are_found(tmp_path, bucket):
    """This machine's own: no entry has the journal any more, and the new key is at AWS."""
    laptop, desktop = (Computer(tmp_path, name, bucket) for name in ("laptop", "desktop"))
    laptop.begin(dev=entry())
    desktop.join()
    new = KeyPair(access_key_id="AKIAI55QH8DHBEXAMPLE", secret=Secret("new"))
    journal = RotationJournal(step="prove", began=1, known=(), new=new, old=None)
    laptop.edit(lambda p: p.with_entry("dev", entry(journal=journal)))
    laptop.sync()
    desktop.remove("dev")
    desktop.sync()
    laptop.sync()
    assert laptop.held() == {}
    assert [one.access_key_id for _, one in panic_keys.elsewhere(laptop.opened())] == ["AKIAI55QH8DHBEXAMPLE"]


def test_vault_without_a_remote_has_no_other_keys(laptop, tmp_path, bucket):
    alone = Computer(tmp_path, "alone", bucket)
    alone.begin(dev=entry())
    assert panic_keys.elsewhere(alone.opened()) == ()
    assert "Could not sync" not in panic(laptop).stderr
