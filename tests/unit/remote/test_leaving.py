"""A machine that leaves marks its own line in the bucket's file, and changes nothing else."""

from __future__ import annotations

import pytest

from tests.fakes.bucket import unreachable
from tests.vaults import soon
from vault import errors, limits
from vault.remote import bucket_file, join, leaving
from vault.store import vault
from vault.store.format import parse_file


def mark(machine):
    return leaving.mark_gone(
        machine.bucket, paths=machine.paths, clock=machine.clock, deadline=soon(), opened=machine.opened()
    )


def leave(machine):
    """remote remove."""
    mark(machine)
    join.leave(paths=machine.paths, clock=machine.clock, deadline=soon(), opened=machine.opened())


def in_bucket(machine):
    return bucket_file.read(parse_file(machine.bucket.data), machine.local().remote.key, path="it")


def test_only_the_own_line_is_marked(laptop, desktop):
    """An edit that was not sent stays here, and the vault is as it was."""
    desktop.store("secret", "AKIAI44QH8DHBEXAMPLE")
    before, vault_file = in_bucket(desktop), desktop.files()
    mark(desktop)
    after = in_bucket(desktop)
    me = desktop.local().me
    assert {one for one, line in after.state.machines.items() if line.gone} == {me}
    assert (after.state.items, after.slots, after.key_gen) == (
        before.state.items,
        before.slots,
        before.key_gen,
    )
    assert after.file.header.gen == before.file.header.gen + 1
    assert desktop.files() == vault_file


def test_others_sync_on(laptop, desktop):
    """They learn that it is gone, and nothing is asked."""
    leave(desktop)
    done = laptop.sync()
    assert [(one.name, one.gone) for one in done.machines] == [("laptop", False), ("desktop", True)]
    assert (done.came, done.waiting) == ((), ())


def test_marking_twice_is_one_put(laptop, desktop, bucket):
    mark(desktop)
    bucket.requests.clear()
    mark(desktop)
    assert bucket.requests == ["GET"]


def test_another_machine_writes_meanwhile(laptop, desktop, bucket):
    """Its edit stays, and the mark comes after it."""

    def meanwhile(request):
        if request == "PUT":
            bucket.before = lambda _: None
            laptop.store("prod", "AKIAI44QH8DHBEXAMPLE")
            laptop.sync()

    bucket.before = meanwhile
    mark(desktop)
    state = in_bucket(desktop).state
    assert "entry/prod" in state.items
    assert state.machines[desktop.local().me].gone


def test_others_that_never_end(laptop, desktop, bucket):
    def always(request):
        if request == "PUT":
            bucket.write(bucket.data)

    bucket.before = always
    with pytest.raises(errors.Unreachable, match="kept writing"):
        mark(desktop)
    assert bucket.requests.count("PUT") == limits.SYNC_TRIES


def test_nothing_is_asked_of_a_bucket_that_is_away(laptop, desktop, bucket):
    """An error, which the caller tells; a machine without a line and an object that is gone are none."""
    bucket.before = unreachable
    with pytest.raises(errors.Unreachable):
        mark(desktop)
    bucket.before = lambda _: None
    bucket.data = bucket.etag = None
    mark(desktop)
    assert bucket.data is None


def test_older_file_is_not_taken(laptop, desktop, bucket):
    """It is not put back by the mark either."""
    older = bucket.history[-2]
    laptop.store("prod", "AKIAI44QH8DHBEXAMPLE")
    laptop.sync()
    desktop.sync()
    bucket.serve(older)
    with pytest.raises(errors.RolledBack):
        mark(desktop)
    assert bucket.data == older


def test_new_key_of_the_bucket_is_not_asked_for(laptop, desktop, bucket):
    from tests.machines import way

    laptop.sync(new_slots=[way("another passphrase for all")])
    before = bucket.data
    with pytest.raises(errors.Locked):
        mark(desktop)
    assert (bucket.data, desktop.asked) == (before, 1)  # asked by its join alone


def test_adding_again_is_a_new_machine(laptop, desktop):
    """The former ID stays gone, so that nothing waits for it; all items are as before."""
    former = desktop.local().me
    held = desktop.held()
    leave(desktop)
    laptop.store("prod", "AKIAI44QH8DHBEXAMPLE")
    laptop.sync()
    done = desktop.push_first()
    assert done.waiting == ()
    assert desktop.held() == {**held, "prod": "AKIAI44QH8DHBEXAMPLE"}
    found = {one.id: one.gone for one in done.machines}
    assert (len(found), found[former], found[desktop.local().me]) == (3, True, False)
    laptop.sync()
    assert laptop.held() == desktop.held()


def test_adding_again_after_a_removal_elsewhere_asks(laptop, desktop):
    """What this machine has kept is not thrown away, and does not come back unasked."""
    leave(desktop)
    laptop.remove("dev")
    laptop.sync()
    (waits,) = desktop.push_first().waiting
    assert waits.name == "dev"
    laptop.sync()
    assert laptop.sync(choices={"dev": "removed"}).waiting == ()
    desktop.sync()
    assert "dev" not in laptop.held()
    assert "dev" not in desktop.held()


def test_vault_without_a_remote(tmp_path, laptop, desktop):
    leave(desktop)
    assert vault.open_with_main_key(desktop.paths, desktop.k_main)
    with pytest.raises(errors.NotFound, match="this vault has no remote"):
        mark(desktop)
