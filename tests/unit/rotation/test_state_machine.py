"""The state machine alone: over every journal, list and interruption it ends, and never without a working key."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vaults import entry
from vault import errors, limits
from vault.aws.iam import AccessKey, Use
from vault.rotation import state_machine
from vault.rotation.state_machine import (
    Close,
    Create,
    Delete,
    Done,
    Promote,
    Prove,
    RotationRequest,
    SetActive,
    View,
    Write,
    next_step,
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
        self.view = View(keys=tuple(self.keys.values()), now=self.now, turned=resumed)

    def do(self, step, *, lost=False):
        self.now += 1
        match step:
            case Write():
                old = self.entry.journal
                if step.step == "create":
                    earlier = (*old.earlier, old.began) if old else ()
                    known = old.known if old else tuple(k.id for k in self.view.keys)
                    made = RotationJournal(step="create", began=self.now, known=known, earlier=earlier)
                    self.view = replace(self.view, journaled=True)
                else:
                    made = replace(old, step=step.step)
                self.entry = replace(self.entry, journal=made)
            case Create():
                assert len(self.keys) < 2
                self.count += 1
                new = AccessKey(f"AKIANEW{self.count}", active=True, created=self.now, asked=True)
                self.keys[new.id] = new
                if lost:
                    return
                self.entry = replace(
                    self.entry, journal=replace(self.entry.journal, step="prove", new=pair(new.id))
                )
            case Prove():
                assert self.keys[step.pair.access_key_id].active
                self.view = replace(self.view, proved=self.view.proved | {step.pair.access_key_id})
            case Promote():
                old = pair(self.entry.access_key_id)
                journal = RotationJournal(step=step.then, began=self.now, old=old, taken_back=step.back)
                self.entry = replace(self.entry, access_key_id=step.pair.access_key_id, journal=journal)
                self.view = replace(self.view, turned=True)
            case SetActive():
                self.keys[step.key_id] = self.keys[step.key_id]._replace(active=step.active)
            case Delete():
                self.keys.pop(step.key_id, None)
                self.view = replace(self.view, deleted=self.view.deleted | {step.key_id})
            case Close():
                self.entry = replace(self.entry, journal=None)
        self.view = replace(self.view, keys=tuple(self.keys.values()), now=self.now)

    def check(self):
        assert len(self.keys) <= 2
        assert self.keys[self.entry.access_key_id].active


WISHES = st.sampled_from(
    [
        RotationRequest(),
        RotationRequest(delete_now=True),
        RotationRequest(undo=True),
        RotationRequest(finish=True),
    ]
)


@given(st.lists(st.tuples(WISHES, st.integers(0, 16), st.booleans()), max_size=8))
@settings(max_examples=400)
def test_whatever_is_asked_and_interrupted_a_working_key_stays(runs):
    """Runs of every request, each stopped after some steps: the entry's key works all the time, and two plain runs settle."""
    model = Model()
    for request, stop, lost in [*runs, (RotationRequest(), 99, False), (RotationRequest(), 99, False)]:
        model.begin()
        for number in range(40):
            if number == stop:
                break
            try:
                step = next_step(model.entry, model.view, request)
            except state_machine.NothingToUndo:
                break
            if isinstance(step, Done):
                break
            model.do(step, lost=lost and number + 1 == stop)
            model.check()
        else:
            raise AssertionError("a run without an end")
    journal = model.entry.journal
    held = {
        model.entry.access_key_id,
        *([journal.old.access_key_id] if journal is not None and journal.old else []),
    }
    assert set(model.keys) == held


@pytest.mark.parametrize(
    ("created", "used", "asked", "ours"),
    [
        (NOW, None, True, True),
        (NOW - limits.CREATION_BEFORE - 1, None, True, False),
        (NOW + limits.CREATION_WINDOW + 1, None, True, False),
        (NOW, Use(NOW, "s3", "x"), True, False),
        (NOW, None, False, False),
    ],
)
def test_a_lost_key_is_ours_by_list_window_and_no_use(created, used, asked, ours):
    """All three must hold; a last use that AWS would not tell is not "never"."""
    key = AccessKey("AKIASTRANGER", active=True, created=created, used=used, asked=asked)
    journal = RotationJournal(step="create", began=NOW, known=(OWN,))
    assert state_machine.is_ours(key, journal) is ours
    assert not state_machine.is_ours(key, replace(journal, known=(OWN, key.id)))
    later = replace(journal, began=NOW + 9_999, earlier=(NOW,))
    assert state_machine.is_ours(key, later) is ours


def test_a_journal_of_a_later_version_is_left_alone():
    """A step that this version does not know is neither guessed nor overwritten."""
    odd = replace(entry(OWN), journal=RotationJournal(step="later\x1b", began=NOW))
    with pytest.raises(errors.Damaged) as caught:
        next_step(odd, View(keys=(), now=NOW), RotationRequest())
    assert caught.value.message.isprintable()


def grace(**more):
    """An entry whose rotation is over but for the old key's end, or at the step that is given."""
    return replace(
        entry(OWN), journal=RotationJournal(**{"step": "grace", "began": NOW, "old": pair("AKIAOLD"), **more})
    )


def at_aws(*ids):
    return View(keys=tuple(AccessKey(one, active=True, created=NOW) for one in ids), now=NOW)


def test_a_key_that_awss_list_lacks_is_not_rotated():
    """The list has other keys of the user and not the entry's: what happened is said, and how to go on."""
    with pytest.raises(errors.RotationStopped, match="rotated or deleted elsewhere") as caught:
        next_step(entry(OWN), at_aws("AKIAANOTHER"), RotationRequest())
    assert "add --replace NAME" in caught.value.hint


def test_a_stored_step_without_its_key_is_damage():
    """A journal that says the new key is stored, and has none, is not guessed around."""
    with pytest.raises(errors.Damaged, match="lacks its new key"):
        next_step(grace(step="prove", old=None), at_aws(OWN), RotationRequest())


def test_an_old_key_that_is_gone_at_aws_cannot_come_back():
    """Somebody deleted it in its grace: --undo says that, and a plain run ends the rotation."""
    with pytest.raises(state_machine.NothingToUndo, match="gone at AWS"):
        next_step(grace(), at_aws(OWN), RotationRequest(undo=True))
    assert next_step(grace(), at_aws(OWN), RotationRequest()) == Close()


def test_an_undo_whose_old_key_was_deleted_meanwhile_keeps_the_present_one():
    """Interrupted before the old key was active again, and then that key went: the rotation is over."""
    assert next_step(grace(step="undo"), at_aws(OWN), RotationRequest()) == Close()


@pytest.mark.parametrize("step", ["retire", "drop"])
def test_an_undo_of_an_interrupted_turn_deletes_nothing_first(step):
    """Stopped after the new key took over: the old one, still there, is taken back, not brought to its end."""
    assert next_step(grace(step=step), at_aws(OWN, "AKIAOLD"), RotationRequest(undo=True)) == Write(
        step="undo"
    )
    swapped = grace(step="drop", taken_back=True)
    assert next_step(swapped, at_aws(OWN, "AKIAOLD"), RotationRequest(undo=True)) == SetActive(
        key_id="AKIAOLD", active=False
    )


def test_a_turn_whose_old_key_was_deleted_meanwhile_is_over():
    """Nothing is left to make inactive."""
    assert next_step(grace(step="retire"), at_aws(OWN), RotationRequest()) == Close()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 minutes"), (59, "0 minutes"), (60, "1 minute"), (7199, "119 minutes"), (7200, "2 hours"),
        (172_799, "47 hours"), (172_800, "2 days"),
    ],
)  # fmt: skip
def test_a_span_is_told_in_its_largest_unit(seconds, said):
    """From two of a unit on; a clock that is behind makes no negative span."""
    assert state_machine.days(seconds) == said


def test_a_journal_without_its_last_try_is_the_one_before():
    """Each try that AWS refused is taken back by itself; what else the journal holds stays."""
    journal = RotationJournal(
        step="create", began=30, known=(OWN,), earlier=(10, 20), unknown={"later": "kept"}
    )
    second = state_machine.without_last_try(journal)
    assert second == replace(journal, began=20, earlier=(10,))
    first = state_machine.without_last_try(second)
    assert first == replace(journal, began=10, earlier=())
    assert state_machine.without_last_try(first) is None
