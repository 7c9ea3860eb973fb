"""A merge of one machine's vault with the bucket's state: what is answered, and what a machine says of itself."""

from __future__ import annotations

import pytest

from vault import errors
from vault.remote import merging
from vault.store.payload import RotationJournal


def conflict(laptop, desktop):
    """Both changed dev; the desktop is asked."""
    laptop.store("dev", "AKIAI44QH8DHBEXAMPLE")
    desktop.store("dev", "AKIAI55QH8DHBEXAMPLE")
    laptop.sync()
    (waits,) = desktop.sync().waiting
    return waits


def test_a_conflict_shows_both_versions_without_secrets(laptop, desktop):
    waits = conflict(laptop, desktop)
    assert (waits.name, waits.kind, waits.withheld) == ("dev", "entry", False)
    assert {(one.by, one.key_id) for one in waits.versions} == {
        ("laptop", "AKIAI44QH8DHBEXAMPLE"), ("desktop", "AKIAI55QH8DHBEXAMPLE"),
    }  # fmt: skip
    assert "wJalr" not in repr(waits)
    assert desktop.held()["dev"] == "AKIAI55QH8DHBEXAMPLE"  # a machine goes on with its own


@pytest.mark.parametrize(
    ("choice", "left"),
    [("laptop", "AKIAI44QH8DHBEXAMPLE"), ("desktop", "AKIAI55QH8DHBEXAMPLE"), ("removed", None)],
)
def test_an_answer_counts_on_all_machines(laptop, desktop, choice, left):
    conflict(laptop, desktop)
    assert desktop.sync(choices={"dev": choice}).waiting == ()
    assert laptop.sync().waiting == ()
    assert laptop.held().get("dev") == desktop.held().get("dev") == left


def test_an_answer_names_a_machine_by_its_id_too(laptop, desktop):
    waits = conflict(laptop, desktop)
    chosen = next(one for one in waits.versions if one.by == "laptop")
    desktop.sync(choices={"entry/dev": chosen.machine})
    assert desktop.held()["dev"] == chosen.key_id


def test_an_answer_that_fits_nothing_changes_nothing(laptop, desktop, bucket):
    conflict(laptop, desktop)
    before = bucket.data
    with pytest.raises(errors.NotFound, match="prod"):
        desktop.sync(choices={"prod": "laptop"})
    with pytest.raises(errors.Usage, match=r"laptop .*desktop|desktop .*laptop"):
        desktop.sync(choices={"dev": "tablet"})
    assert bucket.data == before


def test_a_removal_against_an_edit_is_asked_about(laptop, desktop):
    """And the edit is shown meanwhile."""
    laptop.remove("dev")
    desktop.store("dev", "AKIAI55QH8DHBEXAMPLE")
    laptop.sync()
    (waits,) = desktop.sync().waiting
    assert waits.why == "removed on one machine, changed on another"
    assert {one.removed for one in waits.versions} == {True, False}
    laptop.sync()
    assert laptop.held() == desktop.held() == {"dev": "AKIAI55QH8DHBEXAMPLE"}


def test_a_new_machine_is_shown_none_of_two_versions(laptop, desktop, tmp_path, bucket):
    """No guess whose key it is."""
    from tests.machines import Computer

    conflict(laptop, desktop)
    tablet = Computer(tmp_path, "tablet", bucket)
    (waits,) = tablet.join().waiting
    assert waits.withheld
    assert tablet.held() == {}


def test_each_machine_says_how_far_it_has_come(laptop, desktop):
    laptop.store("prod")
    laptop.sync()
    lines = {one.name: one for one in laptop.sync(accept=True).machines}
    assert (lines["desktop"].behind, lines["laptop"].here) == (1, True)
    desktop.sync()
    lines = {one.name: one for one in laptop.sync().machines}
    assert (lines["desktop"].behind, lines["desktop"].edits) == (0, 0)


def test_a_machine_that_was_removed_stops(laptop, desktop, bucket):
    """It syncs nothing more; its own edits wait on its disk, and come with it if it joins again."""
    gone = next(one.id for one in laptop.sync(accept=True).machines if one.name == "desktop")
    desktop.store("only-here", "AKIAI55QH8DHBEXAMPLE")
    laptop.sync(removes=(gone,))
    with pytest.raises(errors.Declined) as told:
        desktop.sync()
    assert told.value.exit_code == 10
    assert "init --from s3://example-bucket" in told.value.hint
    assert desktop.sync(rejoin=True).taken_over
    laptop.sync()
    assert set(laptop.held()) == {"dev", "only-here"}
    assert {(one.name, one.gone) for one in laptop.sync(accept=True).machines} == {
        ("laptop", False), ("desktop", True), ("desktop", False),
    }  # fmt: skip


def test_a_machine_that_there_is_not_cannot_be_removed(laptop):
    with pytest.raises(errors.NotFound):
        laptop.sync(removes=("nobody",))
    with pytest.raises(errors.NotFound):
        laptop.sync(removes=(laptop.local().me,))


def test_a_rotation_of_another_machine_is_known(laptop, desktop):
    """Its journal does not get into this vault, and is over when it is over there."""
    import dataclasses

    def begin(payload):
        journal = RotationJournal(step="created", began=5)
        return payload.with_entry("dev", dataclasses.replace(payload.entries["dev"], journal=journal))

    laptop.edit(begin)
    laptop.sync()
    desktop.sync()
    assert merging.open_journals(desktop.local()) == {"dev": "laptop"}
    assert desktop.opened().payload.entries["dev"].journal is None
    assert merging.open_journals(laptop.local()) == {}
    laptop.store("dev", "AKIAI44QH8DHBEXAMPLE")
    laptop.sync()
    desktop.sync()
    assert merging.open_journals(desktop.local()) == {}
