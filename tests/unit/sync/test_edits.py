"""Edits that are found by comparing, and what each stands on."""

from __future__ import annotations

from tests.unit.sync.examples import ALICE, Machine, entry, pair
from vault.sync import edits
from vault.sync.shown import REMOVED, Shown
from vault.sync.versions import Dot


def test_nothing_changed_is_no_edit():
    """Not even a key that was stored again in another second."""
    machine = Machine("laptop").store("entry/dev", entry(created=1))
    before = machine.state
    machine.held["entry/dev"] = entry(created=2)
    assert machine.commit().state == before


def test_edits_have_numbers_and_one_mark_for_a_commit():
    """In the order of their keys."""
    machine = Machine("laptop")
    machine.held = {"entry/b": entry(), "entry/a": entry()}
    machine.commit()
    assert [machine.state.items[key][0].dot for key in ("entry/a", "entry/b")] == [
        Dot("laptop", 1),
        Dot("laptop", 2),
    ]
    line = machine.state.machines["laptop"]
    assert (line.last, line.marks, line.name, line.at) == (2, {2: "mark of laptop"}, "laptop", 5)


def test_a_group_remembers_who_changed_it():
    """A new device leaves the key's group with the edit that stored the key."""
    machine = Machine("laptop").store("entry/dev", entry(**ALICE))
    machine.store("entry/dev", entry(**ALICE, mfa_serial="m"))
    (version,) = machine.state.items["entry/dev"]
    assert version.groups == {"key": Dot("laptop", 1), "rest": Dot("laptop", 1), "mfa": Dot("laptop", 2)}


def test_an_entrys_edit_touches_its_seed():
    """So that a removal of the seed on another machine does not stand on it."""
    machine = Machine("laptop")
    machine.held = {"entry/dev": entry(mfa_serial="m"), "seed/m": {"secret": "x"}}
    machine.commit()
    machine.store("entry/dev", entry("AKIAI44QH8DHBEXAMPLE", mfa_serial="m"))
    assert machine.state.items["seed/m"][0].dot == Dot("laptop", 4)


def test_a_seed_that_an_answer_may_need_comes_back():
    """It went with the entry here, and a version that waits for an answer names it."""
    laptop, desktop = pair(entry__dev=entry(mfa_serial="m"), seed__m={"secret": "x"})
    laptop.shown["entry/dev"] = laptop.shown["entry/dev"]._replace(conflict=REMOVED)
    assert edits.keep_seeds(laptop.state, laptop.shown, {}) == {"seed/m": {"secret": "x"}}
    assert edits.keep_seeds(desktop.state, desktop.shown, {}) == {}


def test_a_removed_item_that_is_shown_no_more_is_no_edit():
    """A key that is neither held nor shown needs none."""
    machine = Machine("laptop")
    machine.shown = {"entry/dev": Shown()}
    assert machine.commit().state.items == {}
