"""The state machine alone: with every journal, list and interruption it ends, and always with a working key."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vaults import entry
from vault import errors, limits
from vault.aws.iam import AccessKey, Use
from vault.rotation import journal as journals
from vault.rotation import state_machine
from vault.rotation.state_machine import next_step
from vault.rotation.steps import (
    CreateKey,
    DeleteKey,
    Done,
    RemoveJournal,
    RotationRequest,
    RunState,
    SetActive,
    TakeOver,
    VerifyKey,
    WriteJournal,
)
from vault.secret import Secret
from vault.store.vault import KeyPair, RotationJournal

OWN = "AKIAIOSFODNN7EXAMPLE"
NOW = 1_700_000_000


def pair(key_id):
    return KeyPair(access_key_id=key_id, secret=Secret("s"))


class Model:
    """AWS and the vault as values; ``do`` carries out a step, and may lose what AWS answered."""

    def __init__(self):
        self.entry = entry(OWN)
        self.keys = {
            OWN: AccessKey(OWN, active=True, created=NOW - 90 * 86_400, used=Use(NOW, "s3", "x"), asked=True)
        }
        self.count = 0
        self.now = NOW
        self.begin()

    def begin(self):
        """A new process: what it knows is the vault and AWS's list."""
        journal = self.entry.journal
        resumed = journal is not None and journal.step != "grace"
        self.state = RunState(keys=tuple(self.keys.values()), now=self.now, took_over=resumed)

    def do(self, step, *, lost=False):
        self.now += 1
        match step:
            case WriteJournal():
                old = self.entry.journal
                if step.step == "create":
                    made = journals.start(old, now=self.now, keys=self.state.keys, host=None)
                    self.state = replace(self.state, journaled=True)
                else:
                    made = replace(old, step=step.step)
                self.entry = replace(self.entry, journal=made)
            case CreateKey():
                assert len(self.keys) < 2
                self.count += 1
                new = AccessKey(f"AKIANEW{self.count}", active=True, created=self.now, asked=True)
                self.keys[new.id] = new
                if lost:
                    return
                self.entry = replace(
                    self.entry, journal=replace(self.entry.journal, step="prove", new=pair(new.id))
                )
            case VerifyKey():
                assert self.keys[step.pair.access_key_id].active
                self.state = replace(self.state, verified=self.state.verified | {step.pair.access_key_id})
            case TakeOver():
                old = pair(self.entry.access_key_id)
                journal = RotationJournal(step=step.then, began=self.now, old=old, taken_back=step.back)
                self.entry = replace(self.entry, access_key_id=step.pair.access_key_id, journal=journal)
                self.state = replace(self.state, took_over=True)
            case SetActive():
                self.keys[step.key_id] = self.keys[step.key_id]._replace(active=step.active)
            case DeleteKey():
                self.keys.pop(step.key_id, None)
                self.state = replace(self.state, deleted=self.state.deleted | {step.key_id})
            case RemoveJournal():
                self.entry = replace(self.entry, journal=None)
        self.state = replace(self.state, keys=tuple(self.keys.values()), now=self.now)

    def check(self):
        assert len(self.keys) <= 2
        assert self.keys[self.entry.access_key_id].active


REQUESTS = st.sampled_from(
    [
        RotationRequest(),
        RotationRequest(delete_now=True),
        RotationRequest(undo=True),
        RotationRequest(finish=True),
    ]
)


@given(st.lists(st.tuples(REQUESTS, st.integers(0, 16), st.booleans()), max_size=8))
@settings(max_examples=400)
def test_whatever_is_asked_and_interrupted_a_working_key_stays(runs):
    """Runs of every request, each stopped after some steps: the entry's key always works, and two plain runs finish."""
    model = Model()
    for request, stop, lost in [*runs, (RotationRequest(), 99, False), (RotationRequest(), 99, False)]:
        model.begin()
        for number in range(40):
            if number == stop:
                break
            try:
                step = next_step(model.entry, model.state, request)
            except state_machine.NothingToUndo:
                break
            if isinstance(step, Done):
                break
            model.do(step, lost=lost and number + 1 == stop)
            model.check()
        else:
            raise AssertionError("the run did not end")
    journal = model.entry.journal
    stored = {
        model.entry.access_key_id,
        *([journal.old.access_key_id] if journal is not None and journal.old else []),
    }
    assert set(model.keys) == stored


def test_a_journal_of_a_later_version_is_left_alone():
    """A step that this version does not know is neither guessed nor overwritten."""
    odd = replace(entry(OWN), journal=RotationJournal(step="later\x1b", began=NOW))
    with pytest.raises(errors.Damaged) as caught:
        next_step(odd, RunState(keys=(), now=NOW), RotationRequest())
    assert caught.value.message.isprintable()


def grace(**more):
    """An entry with a rotation that only waits to delete the old key, or at the given step."""
    return replace(
        entry(OWN), journal=RotationJournal(**{"step": "grace", "began": NOW, "old": pair("AKIAOLD"), **more})
    )


def at_aws(*ids):
    return RunState(keys=tuple(AccessKey(one, active=True, created=NOW) for one in ids), now=NOW)


def test_a_key_that_is_not_in_awss_list_is_not_rotated():
    """The list has other keys of the user: the error says what happened, and the hint what to do."""
    with pytest.raises(errors.RotationStopped, match="rotated or deleted elsewhere") as caught:
        next_step(entry(OWN), at_aws("AKIAANOTHER"), RotationRequest())
    assert "add --replace NAME" in caught.value.hint


def test_a_journal_without_its_new_key_is_damaged():
    """A journal that says that the new key is stored, and does not have it."""
    with pytest.raises(errors.Damaged, match=r"journal .* its new key"):
        next_step(grace(step="prove", old=None), at_aws(OWN), RotationRequest())


def test_a_new_key_that_aws_does_not_list_is_given_time():
    """IAM's list may be late by LATE_KEY: until then the key is verified, after it a new one is created. A listed key stays."""
    stored = replace(entry(OWN), journal=RotationJournal(step="prove", began=NOW, new=pair("AKIANEW")))

    def after(seconds, *listed):
        return next_step(stored, replace(at_aws(OWN, *listed), now=NOW + seconds), RotationRequest())

    assert after(limits.LATE_KEY) == VerifyKey(pair=stored.journal.new)
    assert after(limits.LATE_KEY + 1) == WriteJournal(step="create")
    assert after(limits.LATE_KEY + 1, "AKIANEW") == VerifyKey(pair=stored.journal.new)


def test_a_deleted_old_key_cannot_be_taken_back():
    """Somebody deleted it while it was kept: --undo says that, and a plain run ends the rotation."""
    with pytest.raises(state_machine.NothingToUndo, match="gone at AWS"):
        next_step(grace(), at_aws(OWN), RotationRequest(undo=True))
    assert next_step(grace(), at_aws(OWN), RotationRequest()) == RemoveJournal()


def test_an_undo_whose_old_key_was_deleted_keeps_the_current_key():
    """Interrupted before the old key was active again, and then somebody deleted that key: the rotation is over."""
    assert next_step(grace(step="undo"), at_aws(OWN), RotationRequest()) == RemoveJournal()


@pytest.mark.parametrize("step", ["retire", "drop"])
def test_an_undo_after_the_new_key_took_over_deletes_nothing_first(step):
    """The old key still exists: it is taken back, not deactivated or deleted."""
    assert next_step(grace(step=step), at_aws(OWN, "AKIAOLD"), RotationRequest(undo=True)) == WriteJournal(
        step="undo"
    )
    swapped = grace(step="drop", taken_back=True)
    assert next_step(swapped, at_aws(OWN, "AKIAOLD"), RotationRequest(undo=True)) == SetActive(
        key_id="AKIAOLD", active=False
    )


def test_a_rotation_whose_old_key_was_deleted_is_over():
    """Nothing is left to deactivate."""
    assert next_step(grace(step="retire"), at_aws(OWN), RotationRequest()) == RemoveJournal()


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("other", [OWN, "AKIANOBODY"])
def test_the_key_in_use_is_not_the_other_key(other, begun):
    """--delete-other with its ID, or with that of no key, stops: nothing is deleted."""
    keys = tuple(AccessKey(name, active=True, created=1) for name in (OWN, "AKIAOTHER"))
    stored = entry(OWN)
    if begun:
        stored = replace(stored, journal=journals.start(None, now=NOW, keys=keys, host=None))
    with pytest.raises(errors.RotationStopped):
        next_step(stored, RunState(keys=keys, now=NOW), RotationRequest(delete_other=other))
    right = RotationRequest(delete_other="AKIAOTHER")
    assert next_step(stored, RunState(keys=keys, now=NOW), right) == DeleteKey(
        key_id="AKIAOTHER", why="other"
    )
