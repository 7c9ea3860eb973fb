"""A machine that finds its name used: a restored copy, a cloned disk, a removed machine."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from tests.unit.sync.examples import ALICE, entry, pair
from vault.sync import shown, takeover, versions
from vault.sync.versions import Dot


def restored():
    """(a machine with an old copy of its vault and an edit made after that, the state of the bucket)."""
    laptop, desktop = pair(entry__dev=entry())
    copied = copy.deepcopy(laptop)
    laptop.author = lambda: replace_mark(copied.author())
    laptop.store("entry/prod", entry("AKIAI44QH8DHBEXAMPLE")).meets(desktop)
    copied.store("entry/test", entry("AKIAIOSFODNN8EXAMPLE"))
    return copied, desktop.state


def replace_mark(author):
    return author._replace(mark="another mark")


def test_a_restored_copy_is_noticed():
    """Its number was given to another edit since; a machine that only has more than the bucket is not one."""
    copied, bucket = restored()
    assert takeover.overtaken(copied.state, bucket, "laptop")
    laptop, _ = pair(entry__dev=entry())
    behind = laptop.state
    laptop.store("entry/prod", entry())
    assert not takeover.overtaken(laptop.state, behind, "laptop")


def test_its_unsent_edit_gets_the_new_name():
    """Both edits that had one number are there after the merge."""
    copied, bucket = restored()
    state, shown = takeover.take_new_name(
        copied.state, copied.shown, bucket, machine="laptop", new="laptop-2"
    )
    (moved,) = state.items["entry/test"]
    assert moved.dot == Dot("laptop-2", 1)
    assert moved.seen == {"laptop": 1, "laptop-2": 1}
    assert shown["entry/test"].on == (moved.dot,)
    both = versions.merge(state, bucket)
    assert {key for key, found in both.items.items() if found} == {"entry/dev", "entry/prod", "entry/test"}
    assert both.lasts() == {"laptop": 2, "laptop-2": 1, "desktop": 0}


def test_an_unsent_edit_below_another_one_is_not_taken_for_the_buckets():
    """A new key, then a new device: the key's edit has a number that the bucket has for another edit, which was replaced."""
    laptop, desktop = pair(entry__dev=entry(**ALICE))
    copied = copy.deepcopy(laptop)
    copied.author = lambda: laptop.author()._replace(mark="another mark")
    copied.store("entry/dev", entry("AKIAI44QH8DHBEXAMPLE", **ALICE))
    copied.store("entry/dev", entry("AKIAI44QH8DHBEXAMPLE", **ALICE, mfa_serial="m"))
    laptop.store("entry/dev", entry("AKIAIOSFODNN8EXAMPLE", **ALICE)).meets(desktop)
    desktop.store("entry/dev", entry("AKIAIOSFODNN9EXAMPLE", **ALICE))
    state, before = takeover.take_new_name(
        copied.state, copied.shown, desktop.state, machine="laptop", new="laptop-2"
    )
    assert state.items["entry/dev"][0].groups["key"] == Dot("laptop-2", 1)
    found = shown.show(versions.merge(state, desktop.state), before)["entry/dev"]
    assert (found.content["akid"], found.conflict) == ("AKIAI44QH8DHBEXAMPLE", shown.CHANGED)


def test_a_removed_machine_is_noticed():
    """In its own state or in the bucket's."""
    laptop, _ = pair(entry__dev=entry())
    lines = {**laptop.state.machines, "laptop": replace(laptop.state.machines["laptop"], gone=True)}
    assert takeover.removed(laptop.state, replace(laptop.state, machines=lines), "laptop")
    assert not takeover.removed(laptop.state, laptop.state, "laptop")


@pytest.mark.parametrize("claim", ["line", "vector"])
def test_who_claims_more_edits_of_a_machine_than_it_made_has_its_name(claim):
    """Its next edits would be taken for those, and be replaced by what stands on them."""
    laptop, desktop = pair(entry__dev=entry())
    assert not takeover.overtaken(laptop.state, desktop.state, "laptop")
    lines, items = dict(desktop.state.machines), dict(desktop.state.items)
    if claim == "line":
        lines["laptop"] = replace(lines["laptop"], last=9, marks={})
    else:
        (one,) = items["entry/dev"]
        items["entry/dev"] = (replace(one, seen={**one.seen, "laptop": 9}),)
    assert takeover.overtaken(laptop.state, replace(desktop.state, items=items, machines=lines), "laptop")
