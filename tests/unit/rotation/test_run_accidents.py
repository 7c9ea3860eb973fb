"""A rotation when something fails: the network, AWS, the disk, other users. A working key stays, and none is lost."""

from __future__ import annotations

import errno
import os

import pytest

from tests.fakes.example import KEY_ID
from tests.unit.benches import NAME, Bench, unsteady
from vault import errors, limits
from vault.rotation import rotate, state_machine
from vault.rotation.steps import RotationRequest


@pytest.fixture
def bench(home, aws):
    return unsteady(home, aws)


@pytest.mark.parametrize(
    "kind", ["throttle", "error-500", "error-503", "cut-before", "cut-after", "cut-midway"]
)
@pytest.mark.parametrize(
    "action", ["GetCallerIdentity", "ListAccessKeys", "CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey"]
)
@pytest.mark.parametrize("times", [1, 4])
def test_no_fault_of_the_network_leaves_a_key_behind(bench, aws, action, kind, times):
    """Whatever fails, once or for a while: the vault's key works, and the next run leaves no key without an owner."""
    aws.faults.add(action, kind, times=times)
    try:
        bench.rotate(RotationRequest(delete_now=True))
    except errors.Error as error:
        assert error.exit_code in (8, 11)
        found = bench.entry.access_key_id
        assert bench.keys_at_aws()[found] == "Active"
        assert len(bench.keys_at_aws()) <= 2
        aws.faults.clear()
        bench.rotate(RotationRequest(delete_now=True))
    bench.settled()
    assert len(bench.keys_at_aws()) == 1


@pytest.mark.parametrize("step", ["create", "prove"])
def test_undo_before_the_new_key_took_over_creates_no_key(bench, aws, step):
    """What was created is deleted, and the entry had the old key all the time."""
    action, fault = {
        "create": ("CreateAccessKey", "cut-after"),
        "prove": ("GetCallerIdentity", "error-500"),
    }[step]
    if step == "create":
        aws.faults.add(action, fault, times=None)
    else:
        aws.faults.hook("CreateAccessKey", "after", lambda: aws.faults.add(action, fault, times=None))
    with pytest.raises(errors.Error):
        bench.rotate()
    aws.faults.clear()
    assert bench.entry.journal.step == step
    calls = aws.calls.count("CreateAccessKey")
    done = bench.rotate(RotationRequest(undo=True))
    assert done.replaced is None
    assert done.key_id == KEY_ID
    assert bench.keys_at_aws() == {KEY_ID: "Active"}
    assert aws.calls.count("CreateAccessKey") == calls
    aws.world.clock.advance(limits.LATE_KEY + 1)  # a key that AWS's list shows late would have shown by now
    bench.rotate(RotationRequest(undo=True)) if bench.entry.journal is not None else None
    assert bench.entry.journal is None
    with pytest.raises(state_machine.NothingToUndo):
        bench.rotate(RotationRequest(undo=True))


def test_the_old_key_signs_if_a_server_does_not_know_the_new_one(bench, aws):
    """A call that meets a server without the new key is signed by the old one."""
    new = []

    def refuse():
        new.extend(k.id for k in aws.world.keys_of(bench.user) if k.id != KEY_ID)
        aws.faults.add(
            "UpdateAccessKey", "refuse", access_key_id=new[0], times=None, status=403,
            code="InvalidClientTokenId", message="The security token included in the request is invalid.",
        )  # fmt: skip

    aws.faults.hook("CreateAccessKey", "after", refuse)
    bench.rotate()
    assert [c.access_key_id for c in aws.calls.of("UpdateAccessKey")] == [new[0], KEY_ID]


def test_an_mfa_session_that_ends_with_its_key_is_followed_by_another(bench, aws):
    """AWS may end the old key's session when that key is deactivated: one more code, and the rotation finishes."""
    bench.user.require_mfa_for_iam = True
    aws.faults.hook("UpdateAccessKey", "after", aws.world.sessions.clear)
    bench.rotate(RotationRequest(delete_now=True))
    assert len(set(aws.calls.codes())) == len(aws.calls.codes()) == 2
    bench.settled()
    assert len(bench.keys_at_aws()) == 1


def test_a_deleted_new_key_is_created_again(bench, aws):
    """If somebody deleted the new key before it was verified, the run does not wait for it for ever."""
    aws.world.new_key_delay = 300
    with pytest.raises(errors.RotationStopped):
        bench.rotate()
    del aws.world.keys[bench.entry.journal.new.access_key_id]
    aws.world.new_key_delay = 0
    aws.world.clock.advance(3600)
    bench.rotate()
    bench.settled()


def test_an_old_key_that_somebody_activated_is_not_deleted(bench, aws):
    """Something needs it: only --undo or the user decides."""
    bench.rotate()
    aws.world.keys[KEY_ID].status = "Active"
    for request in (RotationRequest(), RotationRequest(finish=True)):
        with pytest.raises(errors.RotationStopped, match="again"):
            bench.rotate(request)
    assert bench.rotate(RotationRequest(undo=True)).key_id == KEY_ID


@pytest.mark.parametrize("lasting", [False, True])
def test_a_full_disk_leaves_no_key_that_the_vault_does_not_have(home, aws, lasting):
    """ENOSPC at each write, once or permanently: no key is created that the vault cannot keep, and the next run finishes."""
    real = os.write
    for number in range(12):
        home.root = f"{home.root}-{number}"
        fresh = type(home)(home.root, url=aws.url)
        fresh.scenario()
        key = next(k for k in aws.world.keys_of(aws.world.user("yourself")) if k.status == "Active")
        fresh.make_vault(key_id=key.id, secret=key.secret)
        bench = Bench(fresh, aws)
        seen = 0

        def full(fd, data, number=number):
            nonlocal seen
            seen += 1
            if seen == number + 1 or (lasting and seen > number):
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(fd, data)

        prepared = bench.look()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "write", full)
            try:
                rotate.carry_out(bench.context(), bench.opened(), prepared, RotationRequest(delete_now=True))
            except errors.Error as error:
                assert error.exit_code in (6, 11), error
        at_aws = bench.keys_at_aws()
        assert at_aws[bench.entry.access_key_id] == "Active"
        assert len(at_aws) <= 2
        bench.rotate(RotationRequest(delete_now=True))
        bench.settled()
        assert len(bench.keys_at_aws()) == 1


def test_a_vault_that_cannot_be_written_creates_no_key(bench, aws):
    """The journal comes first."""
    prepared = bench.look()

    def full(_fd, _data):
        raise OSError(errno.EROFS, "Read-only file system")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(errors.StorageError):
            rotate.carry_out(bench.context(), bench.opened(), prepared, RotationRequest())
    assert aws.calls.count("CreateAccessKey") == 0
    assert bench.keys_at_aws() == {KEY_ID: "Active"}


def test_iam_that_fails_after_the_new_key_took_over_is_reported_as_that(bench, aws):
    """The new key is in use and the error says so; the next run deactivates the old key."""
    aws.faults.add("UpdateAccessKey", "error-503", times=None)
    with pytest.raises(errors.Unreachable, match=r"AKIA\w+ is in use.*UpdateAccessKey") as caught:
        bench.rotate()
    assert f"rotate {NAME}" in caught.value.hint
    aws.faults.clear()
    bench.rotate()
    bench.settled()
