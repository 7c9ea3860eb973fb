"""Enrolling a device: against the stand-in with every refusal, and against moto as a second peer."""

from __future__ import annotations

import errno
import os
from dataclasses import replace

import pytest

from tests.fakes.example import SERIAL
from tests.unit.benches import NAME
from tests.unit.keys.device_bench import DeviceBench, bench
from vault import errors
from vault.keys import mfa_enrollment
from vault.store.payload import ENROLLMENT, Enrollment

__all__ = ["bench"]

CREATED = "arn:aws:iam::111111111111:mfa/yourself-desk"


def test_a_device_is_created_and_used(bench, aws):
    """It is enabled at AWS, its seed is in the vault, the entry uses it, and it gives sessions."""
    aws.world.clock.advance(31 - aws.world.now() % 30)  # so that only the second code is waited for
    done = bench.enroll()
    assert (done.serial, done.resumed) == (CREATED, False)
    payload = bench.opened().payload
    assert payload.entries[NAME].mfa_serial == CREATED
    assert {SERIAL, CREATED} == set(payload.seeds)
    assert aws.world.devices[CREATED].user == bench.user.arn
    assert bench.counted
    assert bench.counted == sorted(bench.counted, reverse=True)


def test_profiles_that_name_the_old_device_are_listed(bench):
    """mfa_serial in AWS's file outranks the entry's, so each place is named with its line."""
    found = bench.enroll().elsewhere
    assert len(found) == 3
    assert all("profile" in place and ":" in place for place in found)


def test_profiles_that_name_a_security_key_of_the_account_are_listed(bench, home):
    """STS takes no code from a security key: the profile needs the new device."""
    for account, said in (("111111111111", 1), ("222222222222", 0)):
        serial = f"arn:aws:iam::{account}:u2f/user/yourself/key-ABCDEFGHIJ"
        home.config(f"[profile shared-services]\nregion = us-east-1\nmfa_serial = {serial}\n")
        assert len(bench.enroll(f"device-{account}").elsewhere) == said


def test_the_default_name_is_user_and_machine(bench):
    """USER-HOST, in the characters that IAM allows."""
    name = mfa_enrollment.device_name("yourself", bench.context(HOSTNAME="my desk.example.org"))
    assert name == "yourself-my-desk"


def test_a_name_that_exists_is_refused_with_another_one(bench):
    """The existing device is left alone, no journal stays, and another name is proposed."""
    with pytest.raises(mfa_enrollment.NameTaken) as caught:
        bench.enroll("yourself")
    assert "--device-name yourself-2" in caught.value.hint
    assert bench.entry.enrollment is None
    assert bench.enroll().serial == CREATED


def test_a_policy_for_the_users_own_name_only_is_explained(bench, aws):
    """mfa/${aws:username}: the hint names both ways out."""
    bench.user.own_device_name_only = True
    with pytest.raises(errors.Refused) as caught:
        bench.enroll()
    assert "--device-name yourself" in caught.value.hint
    assert "${aws:username}" in caught.value.hint
    assert CREATED not in aws.world.devices


def test_a_user_with_eight_devices_gets_no_ninth(bench, aws):
    """No device is created that could not be enabled."""
    for n in range(7):
        aws.world.add_device(
            f"arn:aws:iam::111111111111:mfa/d{n}", seed=aws.world.new_seed(), user=bench.user
        )
    with pytest.raises(errors.Refused, match="8 MFA devices"):
        bench.enroll()
    assert aws.calls.count("CreateVirtualMFADevice") == 0


@pytest.mark.parametrize("kind", ["cut-after", "cut-before", "error-500"])
@pytest.mark.parametrize("action", ["CreateVirtualMFADevice", "EnableMFADevice", "ListMFADevices"])
def test_no_fault_leaves_a_device_without_its_seed(bench, aws, action, kind):
    """Whatever fails, the next run ends with one new device, in use and with its seed."""
    aws.faults.add(action, kind, times=2)
    try:
        bench.enroll()
    except errors.Error:
        aws.faults.clear()
        bench.enroll()
    payload = bench.opened().payload
    assert set(aws.world.devices) == {SERIAL, CREATED} == set(payload.seeds)
    assert aws.world.devices[CREATED].user == bench.user.arn
    assert payload.entries[NAME].mfa_serial == CREATED
    assert payload.entries[NAME].enrollment is None


def test_moto_accepts_the_same_calls(home, aws):
    """A second peer, written by others, understands every call of an enrollment and of a rotation."""
    from urllib.request import urlopen

    from moto.server import ThreadedMotoServer

    from vault.rotation.steps import RotationRequest

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host.replace('0.0.0.0', '127.0.0.1')}:{port}"
        import boto3

        admin = boto3.client(
            "iam", endpoint_url=url, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        urlopen(f"{url}/moto-api/reset", data=b"").close()  # what another test of this process left there
        admin.create_user(UserName="yourself")
        key = admin.create_access_key(UserName="yourself")["AccessKey"]
        home.env["AWS_ENDPOINT_URL"] = url
        home.scenario()
        home.make_vault(key_id=key["AccessKeyId"], secret=key["SecretAccessKey"], seed=None, serial=None)
        bench = DeviceBench(home, aws)
        serial = bench.enroll().serial
        assert serial.endswith(":mfa/yourself-desk")
        devices = admin.list_mfa_devices(UserName="yourself")["MFADevices"]
        assert [device["SerialNumber"] for device in devices] == [serial]
        new = bench.rotate(RotationRequest(delete_now=True)).key_id
        listed = admin.list_access_keys(UserName="yourself")["AccessKeyMetadata"]
        assert [(one["AccessKeyId"], one["Status"]) for one in listed] == [(new, "Active")]
    finally:
        server.stop()


def leave(bench, found):
    """The journal of an interrupted enrollment in the entry."""
    left = {"enrollment": found} if isinstance(found, Enrollment) else {"unknown": {ENROLLMENT: found}}
    bench.edit(lambda p: p.with_entry(NAME, replace(p.entries[NAME], **left)))


@pytest.mark.parametrize("found", ["x", {"step": "later", "name": "x"}, {"step": "create", "name": 7}])
def test_a_journal_of_another_version_is_replaced(bench, found):
    """What this version cannot read counts as no enrollment: a device of the given name is created."""
    leave(bench, found)
    done = bench.enroll()
    assert (done.serial, done.resumed) == (CREATED, False)
    assert ENROLLMENT not in bench.entry.unknown


def test_a_write_that_the_disk_did_not_confirm_keeps_the_device(bench, aws):
    """The seed is in place and fsync of its folder fails: the device stays, and the next run continues with it."""
    real, armed = os.fsync, []

    def fsync(fd):
        real(fd)
        if armed and os.path.isdir(f"/proc/self/fd/{fd}"):
            raise OSError(errno.ENOSPC, "No space left on device")

    aws.faults.hook("CreateVirtualMFADevice", "after", lambda: armed.append(True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(errors.StorageError):
            bench.enroll()
    assert CREATED in aws.world.devices
    done = bench.enroll()
    assert (done.serial, done.resumed) == (CREATED, True)
    assert aws.calls.count("CreateVirtualMFADevice") == 1


def test_a_device_whose_seed_cannot_be_stored_is_deleted(bench, aws):
    """The vault's file broke after the device was created: the error says that, and no device is left whose seed nobody has."""

    def damage():
        with open(bench.context().paths.vault, "wb") as file:
            file.write(b"no vault")

    aws.faults.hook("CreateVirtualMFADevice", "after", damage)
    with pytest.raises(errors.Damaged):
        bench.enroll()
    assert CREATED not in aws.world.devices


def test_a_name_that_was_taken_since_the_interruption_is_refused(bench, aws):
    """The interrupted run's device is in use now: it is left alone, and another name is proposed."""
    leave(bench, Enrollment(step="create", name="yourself"))
    with pytest.raises(mfa_enrollment.NameTaken, match="device named yourself"):
        bench.enroll()
    assert aws.world.devices[SERIAL].user == bench.user.arn
    assert bench.entry.enrollment is None


def test_a_clean_up_that_is_forbidden_is_done_by_the_next_run(bench, aws):
    """Without permission to delete the lost device the journal stays, so that a later run deletes it."""
    leave(bench, Enrollment(step="create", name="yourself-desk"))
    aws.world.add_device(CREATED, seed=aws.world.new_seed())
    bench.user.denied = {"iam:DeleteVirtualMFADevice"}
    with pytest.raises(mfa_enrollment.NameTaken, match="interrupted run, and the policy does not allow"):
        bench.enroll()
    assert bench.entry.enrollment == Enrollment(step="create", name="yourself-desk")
    bench.user.denied = set()
    assert bench.enroll().serial == CREATED
    assert set(bench.opened().payload.seeds) == {SERIAL, CREATED}


def test_a_refusal_to_create_the_device_leaves_no_journal(bench, aws):
    """Nothing was created: the next run has nothing to clean up."""
    aws.faults.add("CreateVirtualMFADevice", "refuse", code="LimitExceeded", message="full", status=409)
    with pytest.raises(errors.Refused, match="LimitExceeded"):
        bench.enroll()
    assert bench.entry.enrollment is None
    assert bench.enroll().resumed is False


def test_a_user_who_may_not_create_a_device_learns_what_to_ask_for(bench):
    """Refused for the user's own name too: the hint has the actions, and no other name."""
    bench.user.denied = {"iam:CreateVirtualMFADevice"}
    with pytest.raises(errors.Refused) as caught:
        bench.enroll("yourself")
    assert "iam:CreateVirtualMFADevice" in caught.value.hint
    assert "--device-name" not in caught.value.hint


def test_a_device_that_was_deleted_before_it_was_enabled_is_created_again(bench, aws):
    """Somebody deleted it between two runs: its seed is removed, and the run after that creates another device."""
    bench.user.denied = {"iam:EnableMFADevice"}
    with pytest.raises(errors.Refused, match="AccessDenied"):
        bench.enroll()
    bench.user.denied = set()
    del aws.world.devices[CREATED]
    with pytest.raises(errors.Refused, match="deleted at AWS before it was enabled") as caught:
        bench.enroll()
    assert "creates a new device" in caught.value.hint
    assert set(bench.opened().payload.seeds) == {SERIAL}
    assert bench.enroll().resumed is False
    assert set(bench.opened().payload.seeds) == set(aws.world.devices) == {SERIAL, CREATED}


def interrupted(bench, aws, name="yourself-desk"):
    """An enrollment that ended before AWS had its request. The policy does not allow deleting what it may have created."""
    aws.faults.add("CreateVirtualMFADevice", "cut-before", times=4)
    with pytest.raises(errors.Error):
        bench.enroll(name)
    aws.faults.clear()
    assert bench.entry.enrollment.name == name
    bench.user.denied |= {"iam:DeleteVirtualMFADevice"}


def test_an_interrupted_enrollment_continues_if_nothing_may_be_deleted(bench, aws):
    """Nothing was created: the same name is free, and the device is enrolled."""
    interrupted(bench, aws)
    done = bench.enroll()
    assert (done.serial, done.resumed, done.left) == (CREATED, True, None)
    assert bench.entry.mfa_serial == CREATED


def test_another_name_works_if_nothing_may_be_deleted(bench, aws):
    """--device-name gives up the interrupted one, and the result says what may be left at AWS."""
    interrupted(bench, aws)
    done = bench.enroll("another")
    assert done.serial.endswith(":mfa/another")
    assert done.left == CREATED
    assert bench.entry.enrollment is None


def test_a_taken_name_in_place_of_the_interrupted_one_leaves_no_journal(bench, aws):
    """Somebody else has a device of that name: no later run may think it is the interrupted one and delete it."""
    interrupted(bench, aws)
    theirs = CREATED.replace("yourself-desk", "theirs")
    aws.world.add_device(theirs, seed=aws.world.new_seed())
    with pytest.raises(mfa_enrollment.NameTaken) as caught:
        bench.enroll("theirs")
    assert "interrupted" not in caught.value.message
    assert bench.entry.enrollment is None
    bench.user.denied = set()
    assert bench.enroll("yet-another").left is None
    assert theirs in aws.world.devices


def test_a_device_that_was_created_and_may_not_be_deleted_is_named(bench, aws):
    """The answer was lost: its name is taken, the error says by what, and the next run uses another name."""
    aws.faults.add("CreateVirtualMFADevice", "cut-after", times=4)
    with pytest.raises(errors.Error):
        bench.enroll()
    aws.faults.clear()
    bench.user.denied |= {"iam:DeleteVirtualMFADevice"}
    with pytest.raises(mfa_enrollment.NameTaken, match="from the interrupted run") as caught:
        bench.enroll()
    assert "--device-name yourself-desk-2" in caught.value.hint
    done = bench.enroll("yourself-desk-2")
    assert (done.serial, done.left) == (CREATED + "-2", CREATED)
    assert bench.entry.enrollment is None


def test_a_config_that_breaks_during_the_enrollment_stops_nothing(bench, aws, home):
    """AWS's files are unreadable once the device is enabled: it is used nevertheless, and no profile is listed."""
    aws.faults.hook("EnableMFADevice", "after", lambda: home.config("[profile\n"))
    done = bench.enroll()
    assert (done.serial, done.elsewhere) == (CREATED, ())
    assert bench.entry.mfa_serial == CREATED
