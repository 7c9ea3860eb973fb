"""The state machine with other machines: whatever happens in which order, none of them has a dead key before its time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.rotation.test_state_machine import NOW, OWN, Model, at_aws, grace, pair
from tests.vaults import entry
from vault import errors, limits
from vault.aws.iam import AccessKey
from vault.rotation import state_machine
from vault.rotation.state_machine import RotatedElsewhere, TwoKeys, next_step
from vault.rotation.steps import (
    CreateKey,
    DeleteKey,
    Done,
    RemoveJournal,
    RotationRequest,
    SetActive,
    ShareEdits,
    TakeOver,
    UpdateOthers,
    VerifyKey,
    WithdrawTry,
    WriteJournal,
)
from vault.store.vault import RotationJournal

PLAIN, OLD = RotationRequest(), "AKIAOLD"
WRITES = (WriteJournal, CreateKey, TakeOver, RemoveJournal)


class Several(Model):
    """The same with two other machines: ``has`` is the key and the edit that each of them, and the bucket, had last."""

    def __init__(self):
        self.edit, self.taken, self.has = 0, NOW, dict.fromkeys(("bucket", "build", "desktop"), (OWN, 0))
        super().__init__()

    def begin(self):
        super().begin()
        self.share()

    def share(self):
        self.has["bucket"] = (self.entry.access_key_id, self.edit)
        waiting = tuple(one for one in ("build", "desktop") if self.has[one][1] < self.edit)
        self.state = replace(self.state, machines=("build", "desktop"), waiting=waiting, unshared=False)

    def pull(self, machine):
        self.has[machine] = self.has["bucket"]

    def users(self, key_id):
        """The machines that use the key."""
        return [one for one in ("build", "desktop") if self.has[one][0] == key_id]

    def do(self, step, *, lost=False):
        if isinstance(step, DeleteKey | SetActive) and not getattr(step, "active", False):
            used = self.users(step.key_id) and self.keys[step.key_id].active
            assert not used or self.now >= self.taken + limits.MACHINES_GRACE, step
        if isinstance(step, TakeOver):
            assert self.has["bucket"][0] == self.entry.access_key_id
            self.edit += 1
        super().do(step, lost=lost)
        if isinstance(step, TakeOver):
            self.taken = self.now
        if isinstance(step, ShareEdits):
            self.share()
        elif isinstance(step, WRITES):
            self.state = replace(self.state, unshared=True)

    def run(self, request, *, stop=99, lost=False):
        self.begin()
        for number in range(limits.ROTATION_STEPS):
            if number == stop:
                return None
            try:
                step = next_step(self.entry, self.state, request)
            except state_machine.NothingToUndo:
                return None
            if isinstance(step, Done):
                assert not self.state.unshared
                return step
            self.do(step, lost=lost and number + 1 == stop)
            self.check()
        raise AssertionError("the run did not end")


REQUESTS = st.sampled_from([PLAIN, RotationRequest(undo=True), RotationRequest(finish=True)])
PULLS = st.lists(st.sampled_from(["build", "desktop"]), max_size=2)


@given(st.lists(st.tuples(REQUESTS, st.integers(0, 20), st.booleans(), PULLS, st.integers(0, 9)), max_size=8))
@settings(max_examples=400)
def test_no_machine_has_a_dead_key_before_its_time(runs):
    """Runs of every request, each stopped after some steps, with days and syncs of other machines between them."""
    model = Several()
    for request, stop, lost, pulls, days in runs:
        model.run(request, stop=stop, lost=lost)
        for machine in pulls:
            model.pull(machine)
        model.now += days * 86_400
    for _ in range(3):
        model.run(PLAIN)
        model.pull("build")
        model.pull("desktop")
        assert all(model.keys[model.has[one][0]].active for one in ("build", "desktop"))
    model.run(RotationRequest(finish=True))
    stored = {model.entry.access_key_id}
    if model.entry.journal is not None and model.entry.journal.old is not None:
        stored.add(model.entry.journal.old.access_key_id)
    assert set(model.keys) == stored


def test_the_old_key_stays_active_until_all_have_synced():
    """The run ends well, and says who is missing and until when; the next one goes on."""
    model = Several()
    done = model.run(PLAIN)
    assert done == Done(until=model.taken + limits.MACHINES_GRACE, waiting=("build", "desktop"))
    model.pull("build")
    assert model.run(RotationRequest(finish=True)).waiting == ("desktop",)
    model.pull("desktop")
    assert model.run(PLAIN).waiting == ()
    assert model.entry.journal.step == "grace"
    assert not model.keys[OWN].active


def test_after_a_week_nobody_is_waited_for():
    model = Several()
    ends = model.run(PLAIN).until
    model.now = ends - 2
    assert model.run(PLAIN).waiting
    model.now = ends
    assert not model.run(PLAIN).waiting
    assert not model.keys[OWN].active


def test_delete_now_does_not_wait():
    """Nor in a rotation that waits already: the old key is deleted."""
    for before in (None, PLAIN):
        entry_of = Several()
        if before is not None:
            entry_of.run(before)
        entry_of.has["build"] = entry_of.has["desktop"] = ("AKIANOBODY", 0)
        entry_of.run(RotationRequest(delete_now=True))
        assert OWN not in entry_of.keys
        assert entry_of.entry.journal is None


def test_an_undo_keeps_the_new_key_for_those_that_have_it():
    """One machine has synced since, so its key goes only after its next sync."""
    model = Several()
    model.run(PLAIN)
    model.pull("build")
    new = model.entry.access_key_id
    assert model.run(RotationRequest(undo=True)).waiting == ("build", "desktop")
    assert (model.entry.access_key_id, model.keys[new].active) == (OWN, True)
    model.pull("build")
    model.pull("desktop")
    assert model.run(PLAIN) == Done()
    assert set(model.keys) == {OWN}


def with_journal(step, **more):
    return replace(entry(OWN), journal=RotationJournal(step=step, began=NOW, known=(OWN,), **more))


@pytest.mark.parametrize(
    ("step", "more", "state", "next_one"),
    [
        ("create", {}, {"journaled": True}, CreateKey()),
        ("prove", {"new": pair("AKIANEW")}, {}, VerifyKey(pair=pair("AKIANEW"))),
        ("retire", {"old": pair(OLD)}, {}, SetActive(key_id=OLD, active=False)),
    ],
)
def test_others_are_told_before_the_next_step(step, more, state, next_one):
    """Before a key is created, before the new one takes over, and before the old one is touched."""
    there = replace(at_aws(OWN, *([OLD] if "old" in more else [])), **state)
    assert next_step(with_journal(step, **more), replace(there, unshared=True), PLAIN) == ShareEdits()
    assert next_step(with_journal(step, **more), there, PLAIN) == next_one


def test_a_failed_sync_at_the_end_is_only_said():
    assert next_step(entry(OWN), replace(at_aws(OWN), took_over=True, unshared=True), PLAIN) == ShareEdits(
        needed=False
    )


@pytest.mark.parametrize(
    "request_",
    [PLAIN, RotationRequest(undo=True), RotationRequest(finish=True), RotationRequest(delete_now=True)],
)
def test_a_key_that_another_machine_rotates_is_left_alone(request_):
    """Its name may be hostile; a run that has ended its own rotation does not mind."""
    there = replace(at_aws(OWN), elsewhere="desk\x1b[2Jtop")
    with pytest.raises(
        RotatedElsewhere, match=r"another machine \(desk.*top\) is rotating this key"
    ) as caught:
        next_step(entry(OWN), there, request_)
    assert caught.value.exit_code == 11
    assert caught.value.message.isprintable()
    assert "on that machine" in caught.value.hint
    assert next_step(entry(OWN), replace(there, took_over=True), request_) == Done()


def test_of_two_machines_that_begin_one_stops():
    """The one that finds the other's journal when it tells of its own: nothing was created, and the others learn that."""
    there = replace(at_aws(OWN), elsewhere="desktop", journaled=True)
    assert next_step(with_journal("create"), there, PLAIN) == WithdrawTry()
    withdrawn = replace(there, journaled=False, unshared=True)
    assert next_step(entry(OWN), withdrawn, PLAIN) == ShareEdits(needed=False)
    with pytest.raises(RotatedElsewhere):
        next_step(entry(OWN), replace(withdrawn, unshared=False), PLAIN)
    sent = replace(there, sent=True)  # AWS's answer was lost: it may have created a key
    assert next_step(with_journal("create"), sent, PLAIN) == CreateKey()


def test_a_try_of_an_earlier_run_is_given_up_by_undo_only():
    """A key of its window may be the other machine's, so it is not deleted."""
    new = AccessKey("AKIANEW", active=True, created=NOW, asked=True)
    there = replace(at_aws(OWN), elsewhere="desktop", now=NOW + limits.LATE_KEY + 1)
    there = replace(there, keys=(*there.keys, new))
    with pytest.raises(RotatedElsewhere, match="desktop") as caught:
        next_step(with_journal("create"), there, PLAIN)
    assert "rotate --undo" in caught.value.hint
    assert next_step(with_journal("create"), there, RotationRequest(undo=True)) == RemoveJournal()
    assert next_step(with_journal("create"), replace(there, elsewhere=""), PLAIN) == DeleteKey(
        key_id="AKIANEW", why="lost"
    )


def test_a_key_that_may_be_lost_is_deleted_after_a_sync_only():
    new = AccessKey("AKIANEW", active=True, created=NOW, asked=True)
    there = replace(at_aws(OWN), keys=(*at_aws(OWN).keys, new), unshared=True, sent=True)
    assert next_step(with_journal("create"), there, PLAIN) == ShareEdits()


@pytest.mark.parametrize(("step", "new"), [("create", {}), ("prove", {"new": pair("AKIANEW")})])
def test_a_key_that_was_replaced_elsewhere_is_not_rotated(step, new):
    """The journal is about another key: what was created goes."""
    moved = replace(with_journal(step, **new), access_key_id="AKIAOTHER")
    found = next_step(moved, replace(at_aws("AKIAOTHER"), now=NOW + limits.LATE_KEY + 1), PLAIN)
    assert found == (RemoveJournal() if step == "create" else WriteJournal(step="undo"))


@pytest.mark.parametrize("step", ["retire", "drop", "grace"])
def test_an_entry_that_came_with_the_old_key_gets_the_new_one(step):
    """Another machine renamed or added it before it synced."""
    there = replace(at_aws(OWN, OLD), others={OLD: "renamed"})
    assert next_step(grace(step=step, old=pair(OLD)), there, PLAIN) == UpdateOthers(key_id=OLD)


@pytest.mark.parametrize("step", ["retire", "drop", "grace"])
def test_an_old_key_that_was_chosen_again_stays(step):
    """The user answered a conflict with it: it is the entry's key, and must be active."""
    chosen = grace(step=step, old=pair(OWN))
    active = at_aws(OWN, "AKIANEW")
    assert next_step(chosen, active, PLAIN) == RemoveJournal()
    inactive = replace(active, keys=tuple(key._replace(active=key.id != OWN) for key in active.keys))
    assert next_step(chosen, inactive, PLAIN) == SetActive(key_id=OWN, active=True)


@pytest.mark.parametrize("where", ["others", "held"])
def test_a_key_that_an_entry_has_is_never_deleted_for_room(where):
    """Here or on another machine: neither because the user named it, nor because it looks like one whose secret was lost."""
    new = AccessKey("AKIANEW", active=True, created=NOW, asked=True)
    there = replace(at_aws(OWN), **{where: {"AKIANEW": "there\x1b[2J"}})
    there = replace(there, keys=(*there.keys, new))
    for one in (entry(OWN), with_journal("create")):
        with pytest.raises(errors.Declined, match=r"AKIANEW is (a|the) key of the entry") as caught:
            next_step(one, there, RotationRequest(delete_other="AKIANEW"))
        assert caught.value.message.isprintable()
        with pytest.raises(TwoKeys) as two:
            next_step(one, there, PLAIN)
        assert "--delete-other" not in two.value.hint


@pytest.mark.parametrize("request_", [PLAIN, RotationRequest(undo=True), RotationRequest(delete_now=True)])
@pytest.mark.parametrize("step", ["prove", "undo"])
@pytest.mark.parametrize("where", ["entry", "others", "held"])
def test_a_journal_of_an_older_copy_ends(request_, step, where):
    """An entry has its new key already: that key stays."""
    journaled = with_journal(step, new=pair("AKIANEW"))
    there = at_aws(OWN, "AKIANEW")
    if where == "entry":
        journaled = replace(journaled, access_key_id="AKIANEW")
    else:
        there = replace(there, **{where: {"AKIANEW": "again"}})
    assert next_step(journaled, there, request_) == RemoveJournal()
