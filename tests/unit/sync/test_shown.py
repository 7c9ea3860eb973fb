"""What a machine shows of two machines' edits, and what it asks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.sync.examples import ALICE, Machine, entry, pair
from vault.sync import shown
from vault.sync.shown import CHANGED, FORKED, REMOVED, RENAMED, Shown
from vault.sync.versions import Dot, MachineLine, SharedState, Version

DEV = "entry/dev"


def test_an_edit_reaches_the_other_machine():
    """And replaces what that one showed."""
    laptop, desktop = pair(entry__dev=entry())
    laptop.store(DEV, entry("AKIAI44QH8DHBEXAMPLE")).meets(desktop)
    assert desktop.held[DEV]["akid"] == "AKIAI44QH8DHBEXAMPLE"
    assert not shown.conflicts(desktop.shown)


def test_one_key_stored_twice_is_one_key():
    """The second in which it was stored does not matter, and both show the same one."""
    laptop, desktop = Machine("laptop"), Machine("desktop")
    laptop.store(DEV, entry(created=1))
    desktop.store(DEV, entry(created=2)).meets(laptop)
    assert laptop.shown == desktop.shown
    assert not shown.conflicts(laptop.shown)


def test_a_new_key_and_a_new_device_of_one_user_join():
    """Each machine changed another group of fields of a known user's entry."""
    laptop, desktop = pair(entry__dev=entry(**ALICE))
    laptop.store(DEV, entry("AKIAI44QH8DHBEXAMPLE", **ALICE))
    desktop.store(DEV, entry(**ALICE, mfa_serial="arn:aws:iam::111122223333:mfa/alice")).meets(laptop)
    assert laptop.held[DEV] == desktop.held[DEV]
    assert laptop.held[DEV]["akid"] == "AKIAI44QH8DHBEXAMPLE"
    assert laptop.held[DEV]["mfa_serial"].endswith("mfa/alice")
    assert not shown.conflicts(laptop.shown)


def test_fields_of_an_unknown_user_do_not_join():
    """They may be of two users: each machine keeps its own, and asks."""
    laptop, desktop = pair(entry__dev=entry())
    laptop.store(DEV, entry("AKIAI44QH8DHBEXAMPLE"))
    desktop.store(DEV, entry(mfa_serial="arn:aws:iam::111122223333:mfa/alice")).meets(laptop)
    assert laptop.held[DEV] == entry("AKIAI44QH8DHBEXAMPLE")
    assert desktop.held[DEV] == entry(mfa_serial="arn:aws:iam::111122223333:mfa/alice")
    assert shown.conflicts(laptop.shown) == shown.conflicts(desktop.shown) == {DEV: CHANGED}


def test_a_third_machine_does_not_guess():
    """Of two entries that may be of two users it shows neither."""
    laptop, desktop, server = Machine("laptop"), Machine("desktop"), Machine("server")
    laptop.store(DEV, entry())
    desktop.store(DEV, entry("AKIAI44QH8DHBEXAMPLE")).meets(laptop)
    server.meets(laptop)
    assert server.shown[DEV] == Shown(None, (), CHANGED)
    assert DEV not in server.held


def test_a_third_machine_shows_a_key_of_the_one_user():
    """Either of two keys of one user serves; all machines without one of their own take the same."""
    laptop, desktop = Machine("laptop"), Machine("desktop")
    others = Machine("server"), Machine("build")
    laptop.store(DEV, entry(**ALICE))
    desktop.store(DEV, entry("AKIAI44QH8DHBEXAMPLE", **ALICE)).meets(laptop)
    for other in others:
        other.meets(laptop)
    assert others[0].held[DEV] == others[1].held[DEV]
    assert shown.conflicts(others[0].shown) == {DEV: CHANGED}


@pytest.mark.parametrize(("renamed_to", "conflict"), [("", REMOVED), ("work", RENAMED)])
def test_an_edit_wins_over_a_removal_until_someone_answers(renamed_to, conflict):
    """Both are kept."""
    laptop, desktop = pair(entry__dev=entry(**ALICE))
    laptop.store(DEV, entry("AKIAI44QH8DHBEXAMPLE", **ALICE))
    desktop.remove(DEV, renamed_to=renamed_to).meets(laptop)
    for machine in (laptop, desktop):
        assert machine.held[DEV]["akid"] == "AKIAI44QH8DHBEXAMPLE"
        assert machine.shown[DEV].conflict == conflict
    laptop.answer(DEV, None)
    laptop.meets(desktop)
    assert DEV not in {**laptop.held, **desktop.held}
    assert not shown.conflicts(desktop.shown)


def test_an_answer_settles_it_on_every_machine():
    """It stands on all versions, also on those that the answering machine did not show."""
    laptop, desktop = pair(entry__dev=entry())
    laptop.store(DEV, entry("AKIAI44QH8DHBEXAMPLE"))
    desktop.store(DEV, entry("AKIAIOSFODNN8EXAMPLE")).meets(laptop)
    laptop.answer(DEV, entry("AKIAIOSFODNN8EXAMPLE"))
    desktop.meets(laptop)
    assert laptop.held == desktop.held == {DEV: entry("AKIAIOSFODNN8EXAMPLE")}
    assert not shown.conflicts(laptop.shown)


def test_an_edit_in_a_conflict_leaves_the_others_version():
    """A machine that edits what it shows has not answered for the version that it does not show."""
    laptop, desktop = pair(entry__dev=entry())
    laptop.store(DEV, entry("AKIAI44QH8DHBEXAMPLE"))
    desktop.store(DEV, entry("AKIAIOSFODNN8EXAMPLE")).meets(laptop)
    laptop.store(DEV, entry("AKIAIOSFODNN9EXAMPLE")).meets(desktop)
    assert desktop.held[DEV]["akid"] == "AKIAIOSFODNN8EXAMPLE"
    assert {v.content["akid"][-8:] for v in desktop.state.items[DEV]} == {"8EXAMPLE", "9EXAMPLE"}


def test_a_seed_lives_while_an_entry_names_it():
    """It was removed with the entry on one machine; the other one rotated the entry's key meanwhile."""
    device = "arn:aws:iam::111122223333:mfa/alice"
    laptop, desktop = pair(
        entry__dev=entry(**ALICE, mfa_serial=device), **{f"seed/{device}": {"secret": "x"}}
    )
    del desktop.held[DEV], desktop.held[f"seed/{device}"]
    desktop.commit()
    laptop.store(DEV, entry("AKIAI44QH8DHBEXAMPLE", **ALICE, mfa_serial=device)).meets(desktop)
    assert desktop.held[f"seed/{device}"] == {"secret": "x"}
    assert shown.conflicts(desktop.shown) == {DEV: REMOVED}
    desktop.answer(DEV, None)
    desktop.meets(laptop)
    assert not laptop.held
    assert not desktop.held


def test_two_strict_boxes_wait_for_an_answer():
    """They are sealed: nothing can be joined, and each machine keeps its own."""
    laptop, desktop = pair(strict={"box": "1"})
    laptop.store("strict", {"box": "2"})
    desktop.store("strict", {"box": "3"}).meets(laptop)
    assert (laptop.held["strict"], desktop.held["strict"]) == ({"box": "2"}, {"box": "3"})
    assert shown.conflicts(laptop.shown) == {"strict": CHANGED}


DOT = Dot("laptop", 1)


def twin(akid, user="alice", **more):
    groups = dict.fromkeys(("key", "mfa", "rest"), DOT)
    content = entry(akid, account=f"account of {user}", user=user, **more)
    return Version(dot=DOT, seen={"laptop": 1}, content=content, groups=groups)


@pytest.mark.parametrize("own", [0, 1])
def test_one_dot_with_two_contents_is_two_machines_with_one_identity(own):
    """Both are kept and it is said; what a machine showed it goes on to show, of whichever user it is."""
    twins = [twin("AKIAIOSFODNN7EXAMPLE"), twin("AKIAI44QH8DHBEXAMPLE", "bob")]
    found = shown.look(DEV, twins, Shown(twins[own].content, (DOT,)))
    assert (found.conflict, found.content) == (FORKED, twins[own].content)
    assert shown.look(DEV, twins, found) == found


@pytest.mark.parametrize("author", ["laptop", "desktop"])
def test_an_edit_of_one_twin_does_not_replace_the_other(author):
    """Nobody on that machine saw the other one. An answer settles it."""
    twins = tuple(
        sorted((twin("AKIAIOSFODNN7EXAMPLE"), twin("AKIAI44QH8DHBEXAMPLE", "bob")), key=Version.order)
    )
    machine = Machine(author)
    lines = {"laptop": MachineLine(last=1, marks={1: "x"}), "desktop": MachineLine()}
    machine.state = SharedState({DEV: twins}, lines)
    machine.shown = shown.show(machine.state, {DEV: Shown(twins[0].content, (DOT,))})
    machine.store(DEV, {**twins[0].content, "note": "new"})
    assert set(map(Version.order, twins)) < {found.order() for found in machine.state.items[DEV]}
    assert shown.show(machine.state, machine.shown)[DEV].content["note"] == "new"
    machine.answer(DEV, twins[1].content)
    assert [found.content for found in machine.state.items[DEV]] == [twins[1].content]


def test_a_join_with_one_twin_stays_with_its_user():
    """The other twin is of another user and comes later."""
    device = Version(
        dot=Dot("desktop", 1), seen={"laptop": 1, "desktop": 1}, content=None, beside=frozenset([DOT])
    )
    content = {**twin("AKIAIOSFODNN7EXAMPLE").content, "mfa_serial": "m"}
    device = replace(device, content=content, groups={"key": DOT, "rest": DOT, "mfa": device.dot})
    mine, other = twin("AKIAIOSFODNN7EXAMPLE", note="x"), twin("AKIAI44QH8DHBEXAMPLE", "adam")
    found = shown.look(DEV, [mine, other, device], Shown({**content, "note": "x"}, (DOT, device.dot)))
    assert found.content["user"] == "alice"
