"""The steps of a sync: requests, races, lost answers, copies that return."""

from __future__ import annotations

import pytest

from tests.fakes.bucket import lost, unreachable
from tests.machines import Computer, way
from vault import errors
from vault.remote import note
from vault.remote.bucket_file import fingerprint
from vault.store import vault
from vault.system import locks
from vault.system.files import Folder


def requests(computer, **how):
    """The requests of one sync."""
    computer.bucket.requests.clear()
    computer.sync(**how)
    return computer.bucket.requests


def test_nothing_to_do_is_one_request_and_no_opened_vault(laptop, desktop):
    laptop.sync()
    opens = laptop.opens
    assert requests(laptop) == ["GET"]
    assert laptop.opens == opens
    assert laptop.sync().nothing


def test_an_edit_is_one_put(laptop, desktop):
    laptop.store("prod")
    assert requests(laptop) == ["PUT"]
    assert requests(laptop) == ["GET"]


def test_an_edit_elsewhere_is_a_get_and_a_line(laptop, desktop):
    """The line says that this machine has it: a rotation waits for that."""
    laptop.store("prod")
    laptop.sync()
    assert requests(desktop) == ["GET", "PUT"]
    assert requests(laptop) == ["GET"]
    assert requests(desktop) == ["GET"]


def test_a_vault_that_was_written_without_an_edit_asks_once(laptop, desktop):
    """New master keys are no edit."""
    laptop.sync()
    vault.rewrite(
        laptop.paths,
        laptop.k_main,
        lambda draft, _: draft.__class__(k_main=draft.k_main, payload=draft.payload, slots=draft.slots[:1] * 1, minor=True),
        deadline=laptop._how()["deadline"],
    )  # fmt: skip
    assert requests(laptop) == ["GET"]
    assert laptop.sync().nothing


def test_a_dry_run_writes_nothing(laptop, desktop, bucket):
    laptop.store("prod")
    laptop.sync()
    desktop.store("test")
    before = (desktop.files(), bucket.data)
    done = desktop.sync(dry=True)
    assert [one.name for one in done.came] == ["prod"]
    assert [one.name for one in done.went] == ["test"]
    assert (desktop.files(), bucket.data) == before
    assert desktop.sync().pushed


def test_a_race_is_run_again_with_what_the_other_wrote(laptop, desktop, bucket):
    """Both edits are there."""
    laptop.store("prod")
    desktop.store("test")

    def faster(request):
        if request == "PUT":
            bucket.before = lambda _: None
            desktop.sync()

    bucket.before = faster
    done = laptop.sync()
    assert [one.name for one in done.came] == ["test"]
    assert len(laptop.clock.paused) == 0  # the first put went without a pull; the next is tried at once
    assert set(laptop.held()) == {"dev", "prod", "test"}
    desktop.sync()
    assert desktop.held() == laptop.held()


def test_a_bucket_that_is_always_faster_ends_the_sync(laptop, desktop, bucket):
    """After nine puts, with pauses; the edit waits on the disk."""
    laptop.store("prod")

    def faster(request):
        if request == "PUT":
            bucket.write(bucket.data + b"")

    bucket.before = faster
    with pytest.raises(errors.Unreachable, match="everything is kept"):
        laptop.sync()
    assert bucket.requests.count("PUT") == 9
    assert len(laptop.clock.paused) == 7
    bucket.before = lambda _: None
    assert [one.name for one in laptop.sync().went] == ["prod"]


def test_a_lost_answer_is_recognized(laptop, desktop, bucket):
    """The put arrived. It is no race with oneself, and no edit is made twice."""
    laptop.store("prod")
    bucket.after = lost
    with pytest.raises(errors.Unreachable):
        laptop.sync()
    bucket.after = lambda _: None
    done = laptop.sync()
    assert (done.went, done.taken_over, done.waiting) == ((), False, ())
    assert not laptop.sync().pushed
    desktop.sync()
    assert desktop.held() == laptop.held()


def test_without_a_network_the_edit_waits(laptop, desktop, bucket):
    laptop.store("prod")
    bucket.before = unreachable
    with pytest.raises(errors.Unreachable):
        laptop.sync()
    bucket.before = lambda _: None
    laptop.store("test")
    assert {one.name for one in laptop.sync().went} == {"prod", "test"}
    desktop.sync()
    assert desktop.held() == laptop.held()


def test_an_edit_is_on_the_disk_before_it_leaves(laptop, desktop, bucket):
    """With its number: the vault is written before the put."""
    laptop.store("prod")
    seen = []
    bucket.before = lambda request: seen.append((request, "entry/prod" in laptop.local().state.items))
    laptop.sync()
    assert seen == [("PUT", True)]


def test_a_copy_that_returns_is_a_new_machine(laptop, desktop, bucket):
    """What it edits after that does not hide what it edited before."""
    copy = laptop.files()
    laptop.store("lost-here", "AKIAI44QH8DHBEXAMPLE")
    laptop.sync()
    me = laptop.local().me
    laptop.put_back(copy)
    laptop.store("new", "AKIAI55QH8DHBEXAMPLE")
    assert laptop.sync().taken_over
    assert laptop.local().me != me
    desktop.sync()
    assert set(desktop.held()) == set(laptop.held()) == {"dev", "lost-here", "new"}


def test_a_cloned_disk_is_a_new_machine(laptop, desktop, bucket, tmp_path):
    """The second one to sync."""
    import shutil

    twin = Computer(tmp_path, "twin", bucket)
    shutil.copytree(tmp_path / "laptop", tmp_path / "twin")
    twin.k_main = laptop.k_main
    laptop.store("a", "AKIAI44QH8DHBEXAMPLE")
    twin.store("b", "AKIAI55QH8DHBEXAMPLE")
    assert not laptop.sync().taken_over
    assert twin.sync().taken_over
    laptop.sync()
    desktop.sync()
    assert set(laptop.held()) == set(twin.held()) == set(desktop.held()) == {"dev", "a", "b"}


def test_an_edit_of_another_process_during_a_sync_is_kept(laptop, desktop, bucket):
    """It goes with the next one."""
    desktop.store("theirs")
    desktop.sync()

    def meanwhile(request):
        if request == "GET":
            laptop.store("mine", "AKIAI44QH8DHBEXAMPLE")

    bucket.before = meanwhile
    done = laptop.sync()
    assert ([one.name for one in done.came], [one.name for one in done.went]) == (["theirs"], ["mine"])


def test_two_syncs_of_one_machine_do_not_meet(laptop, desktop):
    with Folder.open(laptop.paths.state) as state:
        held = locks.try_lock(state, "sync.lock")
    how = {**laptop._how(), "deadline": laptop._how()["deadline"].at_most(0.01)}
    laptop._how = lambda: how
    with held, pytest.raises(locks.Busy):
        laptop.sync()


def test_a_new_key_is_typed_once_on_the_other_machines(laptop, desktop, bucket):
    """The passphrase of passwd; afterwards they have the key."""
    old = laptop.local().remote.key
    done = laptop.sync(new_slots=[way("a new long passphrase")])
    assert done.fingerprint == fingerprint(laptop.local().remote.key) != fingerprint(old)
    desktop.typed = ["a new long passphrase"]
    assert desktop.sync().typed
    assert desktop.asked == 2  # the first was to join
    laptop.store("prod")
    laptop.sync()
    desktop.sync()
    assert desktop.asked == 2
    assert desktop.local().remote.key == laptop.local().remote.key
    assert "prod" in desktop.held()


def test_a_wrong_passphrase_changes_nothing(laptop, desktop, bucket):
    laptop.sync(new_slots=[way("a new long passphrase")])
    with pytest.raises(errors.WrongPassphrase):
        desktop.sync()
    assert desktop.local().remote.key_gen == 1


def test_a_new_key_whose_answer_is_lost_is_typed_here_too(laptop, desktop, bucket):
    """The bucket has it, this machine does not."""
    bucket.after = lost
    with pytest.raises(errors.Unreachable):
        laptop.sync(new_slots=[way("a new long passphrase")])
    bucket.after = lambda _: None
    laptop.typed = ["a new long passphrase"]
    assert laptop.sync().typed
    laptop.store("prod")
    assert laptop.sync().pushed


def test_a_put_that_never_arrived_does_not_count_as_seen(laptop, desktop, bucket):
    """Another machine's new key may come with the same generation."""
    laptop.store("prod")
    bucket.before = unreachable
    with pytest.raises(errors.Unreachable):
        laptop.sync()
    bucket.before = lambda _: None
    desktop.sync(new_slots=[way("a new long passphrase")])
    laptop.typed = ["a new long passphrase"]
    assert laptop.sync().typed
    desktop.sync()
    assert desktop.held() == laptop.held() == {"dev": "AKIAIOSFODNN7EXAMPLE", "prod": "AKIAIOSFODNN7EXAMPLE"}


def test_an_answer_is_given_once_even_if_another_machine_was_faster(laptop, desktop, bucket):
    laptop.store("dev", "AKIAI44QH8DHBEXAMPLE")
    desktop.store("dev", "AKIAI55QH8DHBEXAMPLE")
    laptop.sync()
    desktop.sync()

    def faster(request):
        if request == "PUT":
            bucket.before = lambda _: None
            laptop.store("test", "AKIAI66QH8DHBEXAMPLE")
            laptop.sync()

    bucket.before = faster
    assert desktop.sync(choices={"dev": "laptop"}).waiting == ()
    laptop.sync()
    assert laptop.held() == desktop.held()


def test_the_bucket_tells_how_many_wait_without_opening_the_vault(laptop, desktop):
    laptop.store("dev", "AKIAI44QH8DHBEXAMPLE")
    desktop.store("dev", "AKIAI55QH8DHBEXAMPLE")
    laptop.sync()
    desktop.sync()
    again = desktop.sync()
    assert (again.nothing, again.asks) == (True, 1)


def test_the_steps_are_told(laptop, desktop):
    """What takes time: each request, and the merge."""
    told = []
    laptop.store("prod")
    laptop.sync()
    desktop.sync(tell=told.append)
    assert told == [
        "Reading the bucket's file …",
        "Bringing the edits of all machines together …",
        "Writing the bucket's file …",
    ]


def test_the_time_of_a_sync_is_noted(laptop, desktop, monkeypatch):
    """Also of one that has nothing to do."""
    vault_id = laptop.opened().vault_id
    laptop.sync()
    before = note.read(laptop.paths, vault_id)
    assert before.at > 0
    monkeypatch.setattr(laptop.clock, "time", lambda: before.at + 3600.0)
    assert laptop.sync().nothing
    assert note.read(laptop.paths, vault_id) == before._replace(at=before.at + 3600)
