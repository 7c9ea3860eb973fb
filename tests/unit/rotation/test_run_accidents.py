"""Rotation when something fails: the way, AWS, the disk, other people. A working key stays, and none is lost."""

from __future__ import annotations

import errno
import os
from dataclasses import replace

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
def test_no_fault_of_the_way_leaves_a_key_behind(bench, aws, action, kind, times):
    """Whatever fails, once or for a while: the vault's key works, and the next run leaves none that nobody holds."""
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


def test_a_key_whose_answer_was_lost_is_deleted_again(bench, aws):
    """CreateAccessKey did its work and the connection broke: the lost key goes, another is made, in one run."""
    aws.faults.add("CreateAccessKey", "cut-after")
    done = bench.rotate()
    lost = [call for call in aws.calls.of("DeleteAccessKey") if call.result == "ok"]
    assert len(lost) == 1
    assert aws.calls.count("CreateAccessKey") == 2
    assert set(bench.keys_at_aws()) == {KEY_ID, done.key_id}


@pytest.mark.parametrize("step", ["create", "prove"])
def test_undo_of_what_has_not_taken_over_makes_no_key_first(bench, aws, step):
    """Interrupted before the new key was in use: what was made is deleted, and the old key was the entry's all the time."""
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


def test_a_stranger_that_was_used_is_not_ours(bench, aws):
    """A key made in the journal's window is left alone once somebody used it: the person is asked."""
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


def test_the_old_key_signs_where_the_new_one_has_not_spread(bench, aws):
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
    """AWS may end the old key's session as that key goes inactive: one more code, and the rotation ends well."""
    bench.user.require_mfa_for_iam = True
    aws.faults.hook("UpdateAccessKey", "after", aws.world.sessions.clear)
    bench.rotate(RotationRequest(delete_now=True))
    assert len(set(aws.calls.codes())) == len(aws.calls.codes()) == 2
    bench.settled()
    assert len(bench.keys_at_aws()) == 1


def test_awss_clock_is_not_taken_from_an_older_answer(bench, aws):
    """A call that gets no answer tells nothing of AWS's clock; what an answer before it said is over."""
    iam_signer = bench.look().rotation._iam_signer
    assert abs(iam_signer.skew) <= 2
    bench.clock.sleep(100)
    aws.faults.add("ListAccessKeys", "cut-before", times=None)
    with pytest.raises(errors.Unreachable):
        iam_signer.iam().keys()
    assert abs(iam_signer.skew) <= 2


def test_a_write_that_the_disk_did_not_confirm_keeps_the_key(bench, aws):
    """The new pair is in place and fsync of its folder fails: the key is not deleted, and the next run goes on with it."""
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


def test_a_key_that_never_spreads_stops_the_rotation(bench, aws):
    """After a minute the run ends with 11 and the old key in use; the next one goes on with the same new key."""
    aws.world.new_key_delay = 300
    with pytest.raises(errors.RotationStopped) as caught:
        bench.rotate()
    assert caught.value.exit_code == 11
    assert bench.entry.access_key_id == KEY_ID
    aws.world.clock.advance(300)
    bench.rotate()
    assert aws.calls.count("CreateAccessKey") == 1
    bench.settled()


def test_a_deleted_new_key_is_made_again(bench, aws):
    """A new key that somebody deleted before it was proved is not waited for for ever."""
    aws.world.new_key_delay = 300
    with pytest.raises(errors.RotationStopped):
        bench.rotate()
    del aws.world.keys[bench.entry.journal.new.access_key_id]
    aws.world.new_key_delay = 0
    aws.world.clock.advance(3600)
    bench.rotate()
    bench.settled()


def test_an_old_key_that_was_woken_is_not_deleted(bench, aws):
    """Somebody made the old key active in its grace: it is in need, and only --undo or a person decides."""
    bench.rotate()
    aws.world.keys[KEY_ID].status = "Active"
    for request in (RotationRequest(), RotationRequest(finish=True)):
        with pytest.raises(errors.RotationStopped, match="again"):
            bench.rotate(request)
    assert bench.rotate(RotationRequest(undo=True)).key_id == KEY_ID


def test_every_entry_that_holds_the_key_gets_the_new_one(bench):
    """Two entries with one key are turned together, and back."""
    bench.edit(lambda p: p.with_entry("again", replace(p.entries[NAME], journal=None)))
    assert any('"again"' in note for note in bench.look().notes)
    new = bench.rotate().key_id
    entries = bench.opened().payload.entries
    assert {entry.access_key_id for entry in entries.values()} == {new}
    bench.rotate(RotationRequest(undo=True))
    assert {entry.access_key_id for entry in bench.opened().payload.entries.values()} == {KEY_ID}


def test_a_plain_copy_of_the_key_is_reported(bench, home):
    """The same key in ~/.aws/credentials is named with file, line and profile."""
    path = os.path.join(home.root, ".aws", "credentials")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[old]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = x\n")
    assert any(f"{path}:2: profile old" in note for note in bench.look().notes)


def test_another_users_service_is_warned_of(bench, aws):
    """A last use for something that awsvault-py never calls is said before the key is replaced."""
    key = aws.world.keys[KEY_ID]

    def elsewhere():
        key.last_used, key.last_service, key.last_region = aws.world.now() - 7200, "s3", "eu-west-1"

    bench.user.require_mfa_for_iam = True  # IAM is then called with a session, which is no use of the key
    aws.faults.hook("GetSessionToken", "after", elsewhere)
    assert any("2 hours ago for s3 in eu-west-1" in note for note in bench.look().notes)


def test_sessions_of_the_old_key_are_dropped(bench):
    """What the old key began is not in the cache any more, and the next export begins anew."""
    first = bench.ask("dev")
    cache = bench.cache()
    assert cache.get(first.digest) is not None
    bench.rotate()
    assert cache.get(first.digest) is None
    assert bench.ask("dev").digest != first.digest


def test_an_entry_that_changed_meanwhile_is_left_alone(bench, aws):
    """Another process replaced the entry's key: the rotation stops before it makes one."""
    prepared = bench.look()
    bench.edit(lambda p: p.with_entry(NAME, replace(p.entries[NAME], access_key_id="AKIAI44QH8DHBEXAMPLE")))
    with pytest.raises(errors.RotationStopped, match=f'another process .*"{NAME}"'):
        rotate.carry_out(bench.context(), bench.opened(), prepared, RotationRequest())
    assert aws.calls.count("CreateAccessKey") == 0


def test_one_rotation_at_a_time(bench):
    """A second ``rotate`` is told that one is at work."""
    with rotate.lock_rotations(bench.context()), pytest.raises(errors.Declined, match="another"):
        rotate.lock_rotations(bench.context())
    rotate.lock_rotations(bench.context()).release()


@pytest.mark.parametrize("lasting", [False, True])
def test_a_full_disk_makes_no_key_that_nobody_holds(home, aws, lasting):
    """ENOSPC at each write, once or for good: nothing is made that the vault cannot keep, and the next run mends."""
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


def test_a_vault_that_cannot_be_written_makes_nothing(bench, aws):
    """The journal comes first: without it no key is made."""
    prepared = bench.look()

    def full(_fd, _data):
        raise OSError(errno.EROFS, "Read-only file system")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(errors.StorageError):
            rotate.carry_out(bench.context(), bench.opened(), prepared, RotationRequest())
    assert aws.calls.count("CreateAccessKey") == 0
    assert bench.keys_at_aws() == {KEY_ID: "Active"}
