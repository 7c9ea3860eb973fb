"""The values of a rotation: they are compared with each other, and nothing changes them."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from vault.aws.iam import AccessKey
from vault.rotation import steps
from vault.rotation.steps import (
    DeleteKey,
    Done,
    RotationRequest,
    RunState,
    SetActive,
    ShareEdits,
    WriteJournal,
)

ONE, OTHER = AccessKey("AKIA1", active=True, created=1), AccessKey("AKIA2", active=False, created=2)


def test_a_key_is_found_by_its_id():
    """None if the user has no such key: deleted at AWS, or another user's."""
    state = RunState(keys=(ONE, OTHER), now=9)
    assert (state.key("AKIA1"), state.key("AKIA2"), state.key("AKIA")) == (ONE, OTHER, None)
    assert RunState(keys=(), now=9).key("AKIA1") is None


def test_a_run_begins_with_nothing_done():
    """Each of these facts lets the state machine skip a step."""
    state = RunState(keys=(), now=9)
    assert not any((state.others, state.verified, state.took_over, state.deleted, state.journaled))
    assert not any((state.machines, state.waiting, state.elsewhere, state.unshared, state.sent))


def test_a_request_deletes_nothing_by_default():
    """The old key stays for its grace period."""
    request = RotationRequest()
    assert not any((request.undo, request.finish, request.delete_now, request.delete_other))


def test_steps_are_equal_by_their_fields():
    """As the state machine's tests and its loop compare them."""
    assert SetActive(key_id="AKIA1", active=True) == SetActive(key_id="AKIA1", active=True)
    assert SetActive(key_id="AKIA1", active=True) != SetActive(key_id="AKIA1", active=False)
    assert DeleteKey(key_id="AKIA1", why="old") != DeleteKey(key_id="AKIA1", why="lost")
    assert Done() != Done(until=5)


def test_a_value_is_not_changed():
    """A new one is made."""
    step = WriteJournal(step="create")
    with pytest.raises(FrozenInstanceError):
        step.step = "retire"
    assert replace(step, step="retire") == WriteJournal(step="retire")
    with pytest.raises(TypeError):
        WriteJournal("create")  # by its name only


def test_every_action_is_a_step():
    """And so are a sync and the end."""
    assert set(steps.Step.__args__) == {*steps.Action.__args__, ShareEdits, Done}
