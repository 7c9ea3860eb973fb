"""What a sync tells of what it did."""

from __future__ import annotations

from tests.unit.sync.examples import entry, pair
from vault.remote import note, outcome, summary


def named(changes):
    return {(one.name, one.what, one.by) for one in changes}


def test_what_came_and_what_went(laptop, desktop):
    laptop.store("prod")
    laptop.store("dev", "AKIAI44QH8DHBEXAMPLE")
    desktop.store("test")
    assert named(laptop.sync().went) == {("prod", "added", "laptop"), ("dev", "changed", "laptop")}
    done = desktop.sync()
    assert named(done.came) == {("prod", "added", "laptop"), ("dev", "changed", "laptop")}
    assert named(done.went) == {("test", "added", "desktop")}
    laptop.remove("prod")
    assert ("prod", "removed", "laptop") in named(laptop.sync().went)
    assert named(desktop.sync().came) == {("prod", "removed", "laptop")}


def test_the_machines_are_listed_with_this_one_first():
    laptop, desktop = pair(entry__dev=entry())
    assert [one.id for one in outcome.machines(laptop.state, "laptop")] == ["laptop", "desktop"]
    assert [one.id for one in outcome.machines(desktop.state, "desktop")] == ["desktop", "laptop"]


def test_journals_are_no_news():
    """Users read about entries and seeds."""
    laptop, desktop = pair()
    laptop.held["journal/laptop/dev"] = {"step": "created"}
    laptop.commit()
    assert outcome.edits_of(laptop.state, "laptop", above=0, known={}) == ()
    assert outcome.changes({}, {"journal/laptop/dev": {}}, laptop.state) == ()
    assert outcome.writer(desktop.state) in ("laptop", "")


def test_a_whole_sync_leaves_what_other_commands_show(laptop, desktop):
    """Sealed with the cache key, which other commands have; a removed remote leaves nothing."""
    laptop.store("dev", "AKIAI44QH8DHBEXAMPLE")
    desktop.store("dev", "AKIAI55QH8DHBEXAMPLE")
    laptop.sync()
    done = desktop.sync()
    opened = desktop.opened()
    found = summary.read(desktop.paths, opened.vault_id, opened.cache_key)
    assert (found.url, found.machines) == ("s3://example-bucket/vault.avlt", done.machines)
    assert [(one.kind, one.name) for one in found.waiting] == [("entry", "dev")]
    assert note.read(desktop.paths, opened.vault_id).asks == 1
