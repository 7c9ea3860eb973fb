"""New keys of the bucket's file: what is written with them, which passphrase follows, and which files are refused."""

from __future__ import annotations

import dataclasses

import pytest

from tests.fakes.bucket import lost, unreachable
from tests.machines import PASSPHRASE, Computer, way
from tests.vaults import soon
from vault import errors
from vault.remote.draft import OwnSlot
from vault.secret import Secret
from vault.store import restore, vault
from vault.store.format import parse_file
from vault.sync.bucket import ConditionFailed

NEW, OTHER = "a new long passphrase", "another long passphrase"


def own_slot(computer, passphrase=NEW):
    """What a command gives: the vault's slot, and one of the new passphrase."""

    def run(opened):
        return OwnSlot(opened.header.slots[0], way(passphrase).wrap(opened.k_main, vault_id=opened.vault_id))

    return run


def opens(computer, passphrase):
    try:
        vault.open_with_passphrase(computer.paths, Secret(passphrase), deadline=soon())
    except errors.WrongPassphrase:
        return False
    return True


def test_what_was_typed_becomes_the_passphrase_in_the_write_that_keeps_the_key(laptop, desktop):
    """And no copy is left that the old one opens."""
    desktop.store("test")
    assert restore.automatic(desktop.paths) != []
    laptop.sync(new_slots=[way(NEW)])
    desktop.typed = [NEW]
    done = desktop.sync(own_slot=own_slot(desktop))
    assert (done.typed, done.adopted) == (True, True)
    assert (opens(desktop, PASSPHRASE), opens(desktop, NEW)) == (False, True)
    assert restore.automatic(desktop.paths) == []
    assert desktop.sync(own_slot=own_slot(desktop)).adopted is False


def test_dry_run_replaces_no_passphrase(laptop, desktop):
    laptop.sync(new_slots=[way(NEW)])
    desktop.typed = [NEW]
    assert desktop.sync(own_slot=own_slot(desktop), dry=True).adopted is False
    assert opens(desktop, PASSPHRASE)


def test_refused_file_replaces_no_passphrase(laptop, desktop, bucket):
    """What was typed opens it, and it lacks edits."""
    laptop.sync(new_slots=[way(NEW)])
    desktop.typed, local = [NEW], desktop.local()
    desktop.change_local(remote=dataclasses.replace(local.remote, seen={local.me: 99}))
    slots = desktop.opened().header.slots
    with pytest.raises(errors.RolledBack, match="lacks edits"):
        desktop.sync(own_slot=own_slot(desktop))
    assert desktop.opened().header.slots == slots


def test_key_is_kept_by_the_write_that_the_caller_makes(laptop, desktop):
    """A new main key and the new key of the bucket's file come in one write."""
    new = vault.new_key()

    def keep_key(change):
        def with_new_keys(draft, _):
            slots = (way(NEW).wrap(new, vault_id=laptop.opened().vault_id),)
            return draft.__class__(k_main=new, payload=change(draft.payload), slots=slots, new_keys=True)

        return vault.rewrite(laptop.paths, laptop.k_main, with_new_keys, deadline=soon())

    before = laptop.opened().header.gen
    laptop.sync(new_slots=[way(NEW)], keep_key=keep_key)
    laptop.k_main = new
    assert laptop.opened().header.gen == before + 2  # the edits, then the keys
    assert laptop.asked == 0
    assert laptop.sync().typed is False
    assert laptop.sync().nothing


def test_vault_that_was_not_written_after_the_put_learns_the_key(laptop, desktop):
    """The process died in between: this machine is then as every other one."""

    def dies(_):
        raise errors.StorageError("no space left")

    with pytest.raises(errors.StorageError):
        laptop.sync(new_slots=[way(NEW)], keep_key=dies)
    assert opens(laptop, PASSPHRASE)
    for computer in (laptop, desktop):
        computer.typed = [NEW]
        assert computer.sync(own_slot=own_slot(computer)).adopted
        assert opens(computer, NEW)
    assert laptop.local().remote.key == desktop.local().remote.key


def test_copy_from_before_a_new_key_asks_for_it(laptop, desktop, bucket):
    """The bucket has what this machine saw last: its note says so. It is no older file, and the vault is an older copy."""
    copy = laptop.files()
    laptop.sync(new_slots=[way(NEW)])
    laptop.put_back(copy)
    laptop.typed = [NEW]
    done = laptop.sync(own_slot=own_slot(laptop))
    assert (done.typed, done.adopted) == (True, True)
    laptop.store("prod")
    laptop.sync()
    desktop.typed = [NEW]
    desktop.sync()
    assert desktop.held() == laptop.held()


def ex_machine(laptop, desktop, bucket, *, edits=4):
    """The laptop removes the desktop, which goes on with what it has, and puts a file of a higher generation."""
    kept = bucket.data
    laptop.sync(new_slots=[way(NEW)], removes=(desktop.local().me,))
    honest = bucket.data
    bucket.serve(kept)
    for number in range(edits):
        desktop.store(f"n{number}")
        desktop.sync()
    return honest


def test_file_of_a_removed_machine_is_refused_without_a_question(laptop, desktop, bucket):
    """By its key, which is an earlier one. The laptop keeps what it has."""
    ex_machine(laptop, desktop, bucket)
    held = laptop.held()
    with pytest.raises(errors.RolledBack, match="an earlier key") as found:
        laptop.sync()
    assert found.value.exit_code == 9
    assert "end the access of removed machines" in found.value.hint
    assert (laptop.asked, laptop.held()) == (0, held)


def test_machine_that_learned_the_key_refuses_it_too(laptop, desktop, bucket, tmp_path):
    """It typed the new passphrase, and knows the key that it had before."""
    third = Computer(tmp_path, "third", bucket)
    third.join()
    honest = ex_machine(laptop, desktop, bucket)
    theirs = bucket.data
    bucket.serve(honest)
    third.typed = [NEW]
    third.sync()
    bucket.serve(theirs)
    asked = third.asked
    with pytest.raises(errors.RolledBack, match="an earlier key"):
        third.sync()
    assert third.asked == asked


def test_accepting_puts_back_this_machines_state_under_the_new_key(laptop, desktop, bucket):
    """Never again under a key that the removed machine has."""
    ex_machine(laptop, desktop, bucket)
    key = laptop.local().remote.key
    laptop.sync(accept=True)
    assert laptop.local().remote.key == key
    assert laptop.asked == 0
    assert not any(name.startswith("n") for name in laptop.held())
    desktop.typed = [NEW]
    with pytest.raises(errors.Declined) as found:
        desktop.sync()
    assert found.value.exit_code == 10
    desktop.sync(rejoin=True)
    laptop.sync()
    assert laptop.held() == desktop.held()
    assert {f"n{number}" for number in range(4)} <= laptop.held().keys()


def test_replaced_file_of_a_removed_machine_cannot_use_up_the_generations(laptop, desktop, bucket):
    """It could name the last one there is."""
    ex_machine(laptop, desktop, bucket)
    raw, gen, last = bucket.data, laptop.local().remote.gen, str(2**53 - 1).encode()
    at = raw.index(b'"gen":') + 6
    end = raw.index(b",", at)
    size = int.from_bytes(raw[8:12], "big") + len(last) - (end - at)
    forged = raw[:8] + size.to_bytes(4, "big") + raw[12:at] + last + raw[end:]
    assert parse_file(forged).header.gen == 2**53 - 1
    bucket.serve(forged)
    assert laptop.sync(accept=True).gen < gen + 10


def test_accepting_a_forgotten_old_key_does_not_take_it_back(laptop, desktop, bucket):
    """What was typed opens the older file. Its edits come, and it is put back under the newer key; the passphrase stays."""
    kept = bucket.data
    laptop.sync(new_slots=[way(NEW)])
    key = laptop.local().remote.key
    laptop.change_local(remote=dataclasses.replace(laptop.local().remote, old=()))
    bucket.serve(kept)
    done = laptop.sync(accept=True, own_slot=own_slot(laptop))
    assert (done.typed, done.adopted, done.pushed) == (False, False, True)
    assert laptop.local().remote.key == key
    desktop.typed = [NEW]
    desktop.sync()
    assert desktop.local().remote.key == key


def test_removed_machine_that_lost_an_answer_comes_back_whole(laptop, desktop, bucket):
    """What it sent and what it did not send: each edit once, under one of its two IDs."""
    desktop.store("sent")
    bucket.after = lost
    with pytest.raises(errors.Unreachable):
        desktop.sync()
    bucket.after = lambda _: None
    desktop.store("unsent", "AKIAI44QH8DHBEXAMPLE")
    old = desktop.local().me
    laptop.sync(new_slots=[way(NEW)], removes=(old,))
    desktop.typed = [NEW]
    with pytest.raises(errors.Declined):
        desktop.sync()
    done = desktop.sync(rejoin=True)
    assert (done.taken_over, desktop.local().me != old, done.waiting) == (True, True, ())
    laptop.sync()
    assert set(laptop.held()) == set(desktop.held()) == {"dev", "sent", "unsent"}
    assert {name: one.gone for name, one in laptop.local().state.machines.items()}[old]


def test_machine_is_removed_with_the_new_key_or_not_at_all(laptop, desktop, bucket):
    """The bucket refuses the put: the next sync does not remove the machine after all."""
    me = desktop.local().me
    bucket.before = unreachable_put
    with pytest.raises(errors.Unreachable):
        laptop.sync(new_slots=[way(NEW)], removes=(me,))
    bucket.before = lambda _: None
    laptop.store("prod")
    laptop.sync()
    assert not laptop.local().state.machines[me].gone
    assert desktop.sync().typed is False


def test_machine_is_removed_although_another_one_was_faster(laptop, desktop, bucket, tmp_path):
    """The second put removes it too."""
    third = Computer(tmp_path, "third", bucket)
    third.join()
    third.store("test")
    me = desktop.local().me

    def faster(request):
        if request == "PUT":
            bucket.before = lambda _: None
            third.sync()

    bucket.before = faster
    done = laptop.sync(new_slots=[way(NEW)], removes=(me,))
    assert {one.id: one.gone for one in done.machines}[me]
    assert laptop.local().state.machines[me].gone
    third.typed = [NEW]
    third.sync()
    assert third.local().state.machines[me].gone


def unreachable_put(request):
    """No answer came to a PUT, which did not arrive."""
    if request == "PUT":
        raise errors.Unreachable("the bucket cannot be reached")


def test_no_more_keys_are_kept_than_the_format_allows(laptop, desktop):
    for number in range(10):
        laptop.sync(new_slots=[way(f"{NEW} {number}")])
    assert len(laptop.local().remote.old) == 8


def refused_although_it_arrived(bucket):
    """The connection ended before the answer, and the same request is refused on the next one."""

    def after(request):
        if request == "PUT":
            bucket.after = lambda _: None
            raise ConditionFailed

    bucket.after = after


def test_put_that_arrived_and_was_sent_again(laptop, desktop, bucket):
    """The file there is this machine's own: nobody is asked for the passphrase that was just chosen."""
    asked = laptop.asked
    refused_although_it_arrived(bucket)
    laptop.sync(new_slots=[way(NEW)])
    assert bucket.requests == ["GET", "PUT", "GET"]
    assert laptop.asked == asked
    assert laptop.sync().nothing
    desktop.typed = [NEW]
    desktop.sync()
    assert desktop.local().remote.key == laptop.local().remote.key


def test_put_that_may_have_arrived_is_called_so(laptop, desktop, bucket):
    """Whether the file there is this machine's own could not be read."""
    refused_although_it_arrived(bucket)

    def before(request):
        if bucket.requests == ["GET", "PUT", "GET"]:
            unreachable()

    bucket.before = before
    with pytest.raises(errors.Unreachable) as found:
        laptop.sync(new_slots=[way(NEW)])
    assert found.value.sent


def test_two_new_keys_at_once_on_a_server_that_races(laptop, desktop, bucket):
    """Neither machine saw the other's. The user accepts the one that is there, and then both have it."""
    there = bucket.data, bucket.etag
    laptop.sync(new_slots=[way(NEW)])
    bucket.data, bucket.etag = there
    desktop.sync(new_slots=[way(OTHER)])
    assert laptop.local().remote.key_gen == desktop.local().remote.key_gen
    with pytest.raises(errors.RolledBack):
        laptop.sync()
    laptop.typed, asked = [OTHER], desktop.asked
    done = laptop.sync(accept=True, own_slot=own_slot(laptop, OTHER))
    assert (done.typed, done.adopted) == (True, True)
    laptop.store("prod")
    laptop.sync()
    desktop.sync()
    assert desktop.held() == laptop.held()
    assert desktop.asked == asked
