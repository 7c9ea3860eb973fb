"""The new key: created once, stored at once, recognized if AWS's answer was lost; somebody else's key is left alone."""

from __future__ import annotations

import errno
import os

import pytest

from tests.fakes.example import KEY_ID
from tests.unit.benches import refused, unsteady
from vault import errors, limits
from vault.rotation import rotate, state_machine
from vault.rotation.steps import RotationRequest
from vault.rotation.stored_entry import StoredEntry


@pytest.fixture
def bench(home, aws):
    return unsteady(home, aws)


def test_a_key_whose_secret_was_lost_is_deleted(bench, aws):
    """CreateAccessKey did its work and the connection broke: the lost key is deleted and another is created, in one run."""
    aws.faults.add("CreateAccessKey", "cut-after")
    done = bench.rotate()
    lost = [call for call in aws.calls.of("DeleteAccessKey") if call.result == "ok"]
    assert len(lost) == 1
    assert aws.calls.count("CreateAccessKey") == 2
    assert set(bench.keys_at_aws()) == {KEY_ID, done.key_id}


def test_a_key_that_somebody_used_is_not_deleted(bench, aws):
    """A key created in the journal's window is left alone once somebody used it: the user is asked."""
    lost = []

    def used():
        (key,) = [k for k in aws.world.keys_of(bench.user) if k.id != KEY_ID]
        key.last_used, key.last_service = aws.world.now(), "s3"
        lost.append(key.id)

    aws.faults.hook("CreateAccessKey", "after", used)
    aws.faults.add("CreateAccessKey", "cut-after")
    with pytest.raises(state_machine.TwoKeys, match="s3"):
        bench.rotate()
    assert lost[0] in bench.keys_at_aws()
    bench.rotate(RotationRequest(delete_other=lost[0]))
    bench.settled()


def test_a_write_that_the_disk_did_not_confirm_keeps_the_key(bench, aws):
    """The new pair is in place and fsync of its folder fails: the key is not deleted, and the next run continues with it."""
    real, armed = os.fsync, []

    def after():
        armed.append(True)

    def fsync(fd):
        real(fd)
        if armed and os.path.isdir(f"/proc/self/fd/{fd}"):
            raise OSError(errno.ENOSPC, "No space left on device")

    prepared = bench.look()
    aws.faults.hook("CreateAccessKey", "after", after)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(errors.RotationStopped, match="is in the vault"):
            rotate.carry_out(bench.context(), bench.opened(), prepared, RotationRequest())
    assert set(bench.keys_at_aws().values()) == {"Active"}
    done = bench.rotate()
    assert aws.calls.count("CreateAccessKey") == 1
    assert aws.calls.count("DeleteAccessKey") == 0
    assert bench.keys_at_aws() == {KEY_ID: "Inactive", done.key_id: "Active"}


def test_a_write_that_fails_once_is_tried_again(bench, aws, monkeypatch):
    """A disk that is full for a moment costs no key: the pair is stored at the next try, and nothing is deleted."""
    real, failed = StoredEntry.save, []

    def save(stored, change):
        if aws.calls.count("CreateAccessKey") and len(failed) < limits.KEEP_TRIES - 1:
            failed.append(True)
            raise errors.StorageError("vault: No space left on device")
        real(stored, change)

    monkeypatch.setattr(StoredEntry, "save", save)
    done = bench.rotate()
    assert len(failed) == limits.KEEP_TRIES - 1
    assert (aws.calls.count("CreateAccessKey"), aws.calls.count("DeleteAccessKey")) == (1, 0)
    assert bench.keys_at_aws() == {KEY_ID: "Inactive", done.key_id: "Active"}


def test_a_new_key_that_cannot_be_stored_is_deleted(bench, aws):
    """The vault's file broke after the key was created: no key is left at AWS whose secret nobody has."""

    def damage():
        with open(bench.context().paths.vault, "wb") as file:
            file.write(b"no vault")

    aws.faults.hook("CreateAccessKey", "after", damage)
    with pytest.raises(errors.RotationStopped, match="was deleted again"):
        bench.rotate()
    assert bench.keys_at_aws() == {KEY_ID: "Active"}


def test_limit_exceeded_that_the_list_does_not_show_stops_the_run(bench, aws):
    """The list shows one key: it is read again, then the run ends with 11, and nothing is lost."""
    refused(aws, "CreateAccessKey", "LimitExceeded", status=409)
    with pytest.raises(errors.RotationStopped, match="LimitExceeded"):
        bench.rotate()
    assert aws.calls.count("ListAccessKeys") > limits.KEEP_TRIES
    assert bench.keys_at_aws() == {KEY_ID: "Active"}
    bench.rotate()
    bench.settled()


def test_a_key_that_somebody_created_at_the_same_moment_is_shown(bench, aws):
    """The second place was taken between the list and CreateAccessKey: both keys are shown, and neither is touched."""

    def taken():
        made = aws.world.add_key(bench.user)
        made.last_used, made.last_service = aws.world.now(), "s3"

    aws.faults.hook("CreateAccessKey", "before", taken)
    with pytest.raises(state_machine.TwoKeys, match="s3"):
        bench.rotate()
    assert len(bench.keys_at_aws()) == 2
    assert aws.calls.count("DeleteAccessKey") == 0


def test_a_key_that_somebody_created_at_the_same_moment_is_never_deleted(bench, aws):
    """Never used as far as AWS tells, and created in the window of a refused try: no run deletes it."""
    made = []
    aws.faults.hook("CreateAccessKey", "before", lambda: made.append(aws.world.add_key(bench.user).id))
    for _ in range(3):
        with pytest.raises(state_machine.TwoKeys, match="never used"):
            bench.rotate()
    assert set(bench.keys_at_aws()) == {KEY_ID, *made}
    assert bench.entry.journal is None


def test_a_refused_try_keeps_the_one_before_it(bench, aws, monkeypatch):
    """A try's answer was lost and its key shows late, so the next try is refused: the lost key is still recognized."""
    everything = aws.world.keys_of
    monkeypatch.setattr(aws.world, "keys_of", lambda user: [k for k in everything(user) if k.id == KEY_ID])
    aws.faults.add("CreateAccessKey", "cut-after")
    aws.faults.hook(
        "CreateAccessKey", "before", lambda: aws.faults.add("ListAccessKeys", "error-500", times=None)
    )
    with pytest.raises(errors.Error):
        bench.rotate()
    aws.faults.clear()
    (lost,) = {key.id for key in everything(bench.user)} - {KEY_ID}
    aws.faults.hook("CreateAccessKey", "before", monkeypatch.undo)
    refused(aws, "CreateAccessKey", "LimitExceeded", status=409)
    bench.rotate()
    assert lost not in bench.keys_at_aws()
    bench.settled()


def test_a_refusal_does_not_forget_an_unanswered_try(bench, aws, monkeypatch):
    """A key was created and its answer lost, IAM's list is late, and the next try is refused: that key is still recognized."""
    everything = aws.world.keys_of
    monkeypatch.setattr(aws.world, "keys_of", lambda user: [k for k in everything(user) if k.id == KEY_ID])
    aws.faults.hook(
        "CreateAccessKey",
        "after",
        lambda: refused(aws, "CreateAccessKey", "AccessDenied", status=403, times=None),
    )
    aws.faults.add("CreateAccessKey", "cut-after")
    with pytest.raises(errors.RotationStopped, match="AccessDenied"):
        bench.rotate()
    monkeypatch.undo()
    aws.faults.clear()
    (lost,) = set(bench.keys_at_aws()) - {KEY_ID}
    bench.rotate()
    assert lost not in bench.keys_at_aws()
    bench.settled()


def test_a_key_that_another_machine_created_just_now_is_not_deleted(bench, aws):
    """Another rotation runs there and its key is unused: AWS refused our call, so it is not a key that we lost."""
    aws.faults.hook("CreateAccessKey", "before", lambda: aws.world.add_key(bench.user))
    with pytest.raises(state_machine.TwoKeys):
        bench.rotate()
    assert aws.calls.count("DeleteAccessKey") == 0
    assert list(bench.keys_at_aws().values()) == ["Active", "Active"]
