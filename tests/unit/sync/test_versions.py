"""The lattice: which version stands on which, and what a merge keeps."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.sync.examples import entry
from vault.sync import versions
from vault.sync.versions import Dot, MachineLine, SharedState, Version

OLD, NEW = Dot("a", 1), Dot("b", 1)


def version(dot, *, seen=(), beside=()):
    return Version(
        dot=dot, seen={**dict(seen), dot.machine: dot.number}, content=entry(), beside=frozenset(beside)
    )


def test_a_version_replaces_what_it_stands_on():
    """In any order, and however often each is there."""
    old, new = version(OLD), version(NEW, seen={"a": 1}.items())
    assert versions.newest([old, new, old]) == versions.newest([new, old]) == (new,)


def test_what_lay_beside_is_not_replaced():
    """A vector has no gaps, so it is named."""
    old, new = version(OLD), version(NEW, seen={"a": 2}.items(), beside=[OLD])
    assert set(map(Version.order, versions.newest([old, new]))) == {old.order(), new.order()}


def test_versions_that_stand_on_each_other_are_kept():
    """No machine writes them, but one that is hostile could: an item without a version would be a lost entry."""
    one, other = version(Dot("a", 2), seen={"b": 2}.items()), version(Dot("b", 2), seen={"a": 2}.items())
    assert set(map(Version.order, versions.newest([one, other]))) == {one.order(), other.order()}


def test_a_removed_machine_stays_removed():
    """Whichever of its lines is the later one."""
    line = MachineLine(last=3, marks={3: "m"}, at=9)
    gone = SharedState(machines={"a": replace(line, last=2, gone=True)})
    both = versions.merge(gone, SharedState(machines={"a": line}))
    assert both.machines["a"] == replace(line, gone=True)


def test_the_later_line_of_a_machine_counts():
    """By its edits, then by its time; what it had merged only grows."""
    early = MachineLine(last=3, at=9, name="old", merged={"b": 4})
    late = MachineLine(last=3, at=10, name="new", merged={"b": 2, "c": 1})
    both = versions.merge(SharedState(machines={"a": early}), SharedState(machines={"a": late}))
    assert both.machines["a"] == replace(late, merged={"b": 4, "c": 1})


def test_a_state_that_lacks_a_seen_edit_is_noticed():
    """And names the machines; a state that has more is not."""
    state = SharedState(machines={"a": MachineLine(last=3)})
    assert versions.missing({"a": 4, "b": 1}, state) == ["a", "b"]
    assert versions.missing({"a": 2}, state) == []


def test_the_fields_of_an_entry_have_groups():
    """A field that this version does not know has the group of the others."""
    found = versions.fields("entry/dev", {**entry(), "mfa_serial": "m", "new": 1})
    assert found == {"key": entry(), "mfa": {"mfa_serial": "m"}, "rest": {"new": 1}}
    assert versions.fields("strict", {"box": "x"}) == {"rest": {"box": "x"}}
