"""What a bucket may not show: each case is told (9), with its way out."""

from __future__ import annotations

import dataclasses

import pytest

from tests.fakes.bucket import InProcessBucket
from tests.machines import Computer, way
from tests.vaults import entry, flip
from vault import errors


def refused(computer, error=errors.Damaged):
    """The error of a sync that changed neither the vault nor the bucket."""
    before = (computer.files(), computer.bucket.data)
    with pytest.raises(error) as found:
        computer.sync()
    assert (computer.files(), computer.bucket.data) == before
    assert found.value.exit_code == 9
    return found.value


def test_every_older_version_that_lacks_what_was_seen_is_told(laptop, desktop, bucket):
    """And names whose edits are missing; the newest is taken again."""
    for number in range(3):
        laptop.store(f"n{number}")
        laptop.sync()
        desktop.sync()
    newest = bucket.history[-1]
    told = 0
    for old in bucket.history[:-1]:
        bucket.serve(old)
        try:
            laptop.sync()
        except errors.RolledBack as error:
            assert "lacks edits of laptop that this machine has seen" in error.message
            assert "sync --accept" in error.hint
            told += 1
        else:  # it lacked a machine's line, not an edit, and was replaced
            bucket.serve(newest)
    assert told >= 4
    bucket.serve(newest)
    assert laptop.sync().went == ()


def test_an_older_version_can_be_accepted(laptop, desktop, bucket):
    """Nothing of this machine is lost: what the older copy lacks is put there again."""
    old = bucket.data
    laptop.store("prod")
    laptop.sync()
    desktop.sync()
    bucket.serve(old)
    refused(laptop, errors.RolledBack)
    laptop.sync(accept=True)
    assert "prod" in laptop.held()
    assert desktop.sync().went == ()
    assert "prod" in desktop.held()


def test_another_vault_is_told_and_never_replaced(laptop, desktop, bucket, tmp_path):
    other = InProcessBucket()
    Computer(tmp_path, "stranger", other).begin(secret=entry())
    bucket.serve(other.data)
    assert "another vault" in refused(laptop).message
    with pytest.raises(errors.Damaged):
        laptop.sync(accept=True)
    assert bucket.data == other.data


@pytest.mark.parametrize("size", [0, 5, 300, -1])
def test_a_cut_object_is_told_and_can_be_replaced(laptop, desktop, bucket, size):
    bucket.serve(bucket.data[:size])
    assert "sync --accept" in refused(laptop).hint
    laptop.sync(accept=True)
    assert desktop.sync().waiting == ()


def test_a_changed_object_is_told_without_a_question(laptop, desktop, bucket):
    """Its slots are the known ones, so no new key was made."""
    bucket.serve(flip(bucket.data, len(bucket.data) - 2_000))
    assert "does not open" in refused(laptop).message
    assert laptop.asked == 0


def test_a_file_under_an_old_key_is_told_without_a_question(laptop, desktop, bucket):
    """Its generation is one that was seen."""
    old = bucket.data
    laptop.sync(new_slots=[way("a new long passphrase")])
    bucket.serve(old)
    assert "older copy" in refused(laptop, errors.RolledBack).message
    assert laptop.asked == 0


def test_a_new_file_under_an_old_key_is_told(laptop, desktop, bucket):
    """A machine that was removed goes on with the key and the slot that it has. Nobody is asked."""
    kept = bucket.data
    laptop.sync(new_slots=[way()])
    bucket.serve(kept)
    for number in range(4):  # until its generation is above what the laptop has seen
        desktop.store(f"n{number}")
        desktop.sync()
    assert "an earlier key" in refused(laptop, errors.RolledBack).message
    assert laptop.asked == 0


def test_a_new_file_under_a_forgotten_old_key_is_told(laptop, desktop, bucket):
    """By what the user types: the passphrase is still the old one, and opens it."""
    kept = bucket.data
    laptop.sync(new_slots=[way()])
    laptop.change_local(remote=dataclasses.replace(laptop.local().remote, old=()))
    laptop.sync()
    bucket.serve(kept)
    for number in range(4):  # until its generation is above what the laptop has seen
        desktop.store(f"n{number}")
        desktop.sync()
    assert "an earlier key" in refused(laptop, errors.RolledBack).message
    assert laptop.asked == 1


def test_an_old_key_is_told_even_after_a_restore(laptop, desktop, bucket):
    """The note is outside the vault: a copy from before the new key does not forget it."""
    copy, old = laptop.files(), bucket.data
    laptop.sync(new_slots=[way("a new long passphrase")])
    laptop.put_back(copy)
    bucket.serve(old)
    assert "an earlier key" in refused(laptop, errors.RolledBack).message


def test_an_object_that_is_gone_is_told_and_can_be_made_again(laptop, desktop, bucket):
    bucket.data = bucket.etag = None
    assert "does not exist any more" in refused(laptop, errors.RolledBack).message
    laptop.sync(accept=True)
    assert desktop.sync().waiting == ()


def test_a_pin_that_a_restore_lost_is_in_the_note(laptop, desktop, bucket):
    """What was seen is in the vault and in the note."""
    old, copy = bucket.data, laptop.files()
    desktop.store("prod")
    desktop.sync()
    laptop.sync()
    laptop.put_back(copy)
    bucket.serve(old)
    assert "desktop" in refused(laptop, errors.RolledBack).message


def test_what_the_vault_has_seen_counts_without_a_note(laptop, desktop, bucket):
    old = bucket.data
    desktop.store("prod")
    desktop.sync()
    laptop.sync()
    laptop.change_local(name="renamed")
    import os

    for name in os.listdir(laptop.paths.state):
        if name.startswith("sync-"):
            os.unlink(os.path.join(laptop.paths.state, name))
    bucket.serve(old)
    assert "desktop" in refused(laptop, errors.RolledBack).message


def test_a_hostile_name_of_a_machine_is_escaped(laptop, desktop, bucket):
    """It comes from the bucket."""
    old = bucket.data
    desktop.change_local(name="evil\x1b[2J")
    desktop.store("prod")
    desktop.sync()
    laptop.sync()
    bucket.serve(old)
    assert "\x1b" not in refused(laptop, errors.RolledBack).message


def test_two_buckets_that_were_swapped_are_told(laptop, desktop, bucket, tmp_path):
    """Of two vaults of one user."""
    second = InProcessBucket()
    other = Computer(tmp_path, "other", second)
    other.begin(x=entry())
    first, there = bucket.data, second.data
    bucket.serve(there)
    second.serve(first)
    refused(laptop)
    refused(other)
    assert dataclasses.is_dataclass(laptop.local())
