"""Enrolling a device: against the stand-in with every refusal, and against moto as a second peer."""

from __future__ import annotations

import errno
import os
from dataclasses import replace

import pytest

from tests.fakes.example import SERIAL
from tests.home import endpoint_trust
from tests.unit.benches import NAME, Bench
from vault import errors
from vault.keys import mfa_enrollment
from vault.keys.user_devices import UserDevices
from vault.store.payload import ENROLLMENT, Enrollment
from vault.unlocking.keys import CodeWait

OURS = "arn:aws:iam::111111111111:mfa/yourself-desk"


class Enrolling(Bench):
    """A bench that enrols; ``counted`` is what the countdown said."""

    def __init__(self, home, aws):
        super().__init__(home, aws)
        self.counted = []

    def enroller(self):
        return self.identified(mfa_enrollment.Enroller)

    def devices(self):
        return self.identified(UserDevices)

    def identified(self, kind):
        trust = endpoint_trust(self.context())
        made = kind(self.context(), self.opened(), NAME, trust=trust, waiting=self.counted.append)
        made.identify()
        return made

    def enroll(self, name="yourself-desk"):
        return self.enroller().run(name)


@pytest.fixture
def bench(home, aws):
    home.scenario()
    home.make_vault()
    return Enrolling(home, aws)


def test_a_device_is_made_and_used(bench, aws):
    """It is enabled at AWS, its seed is in the vault, the entry uses it, and a session can be had with it."""
    aws.world.clock.advance(31 - aws.world.now() % 30)  # so that only the second code is waited for
    done = bench.enroll()
    assert (done.serial, done.resumed) == (OURS, False)
    payload = bench.opened().payload
    assert payload.entries[NAME].mfa_serial == OURS
    assert {SERIAL, OURS} == set(payload.seeds)
    assert aws.world.devices[OURS].user == bench.user.arn
    assert bench.counted
    assert bench.counted == sorted(bench.counted, reverse=True)


def test_its_codes_are_two_in_a_row_and_never_sent_again(bench, aws):
    """The two codes of the enrolment are consecutive, and the next session waits for a third."""
    bench.enroll()
    (call,) = aws.calls.of("EnableMFADevice")
    device = aws.world.devices[OURS]
    steps = [
        s
        for s in range(device.last_step - 3, device.last_step + 1)
        if device.code(s) in call.parameters.values()
    ]
    assert steps == [device.last_step - 1, device.last_step]
    bench.devices().resync(OURS)
    assert device.last_step >= steps[-1] + 2


def test_profiles_that_name_the_old_device_are_said(bench):
    """mfa_serial in AWS's file outranks the entry's, so each place is named with its line."""
    found = bench.enroll().elsewhere
    assert len(found) == 3
    assert all("profile" in place and ":" in place for place in found)


def test_profiles_that_name_a_security_key_of_the_account_are_said(bench, home):
    """STS takes no code from it: the new device belongs there."""
    for account, said in (("111111111111", 1), ("222222222222", 0)):
        serial = f"arn:aws:iam::{account}:u2f/user/yourself/key-ABCDEFGHIJ"
        home.config(f"[profile shared-services]\nregion = us-east-1\nmfa_serial = {serial}\n")
        assert len(bench.enroll(f"device-{account}").elsewhere) == said


def test_the_name_says_whose_and_which_machine(bench):
    """USER-HOST, in the characters that IAM takes."""
    name = mfa_enrollment.device_name("yourself", bench.context(HOSTNAME="my desk.example.org"))
    assert name == "yourself-my-desk"


def test_a_name_that_exists_is_told_with_its_way_out(bench):
    """The device there is left alone, no journal stays, and another name is proposed."""
    with pytest.raises(mfa_enrollment.NameTaken) as caught:
        bench.enroll("yourself")
    assert "--device-name yourself-2" in caught.value.hint
    assert bench.entry.enrollment is None
    assert bench.enroll().serial == OURS


def test_a_policy_for_the_own_name_only_is_told_with_its_way_out(bench, aws):
    """mfa/${aws:username}: the hint names both ways."""
    bench.user.own_device_name_only = True
    with pytest.raises(errors.Refused) as caught:
        bench.enroll()
    assert "--device-name yourself" in caught.value.hint
    assert "${aws:username}" in caught.value.hint
    assert OURS not in aws.world.devices


def test_a_user_with_eight_devices_is_told_so_first(bench, aws):
    """No device is made that could not be enabled."""
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
    """Whatever broke, the next run ends with one new device, used and with its seed."""
    aws.faults.add(action, kind, times=2)
    try:
        bench.enroll()
    except errors.Error:
        aws.faults.clear()
        bench.enroll()
    payload = bench.opened().payload
    assert set(aws.world.devices) == {SERIAL, OURS} == set(payload.seeds)
    assert aws.world.devices[OURS].user == bench.user.arn
    assert payload.entries[NAME].mfa_serial == OURS
    assert payload.entries[NAME].enrollment is None


@pytest.mark.usefixtures("awss_own")
def test_deactivate_takes_it_off_at_aws(bench, aws):
    """The device is off the user and deleted; doing it again changes nothing."""
    bench.enroll()
    for _ in range(2):
        bench.devices().deactivate(OURS)
        assert OURS not in aws.world.devices


def test_moto_takes_the_same_calls(home, aws):
    """A second peer, written by other hands, understands every call of an enrolment and of a rotation."""
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
        bench = Enrolling(home, aws)
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
def test_a_journal_of_another_version_is_begun_anew(bench, found):
    """What this version cannot read is no enrolment under way: a device of the name asked for is made."""
    leave(bench, found)
    done = bench.enroll()
    assert (done.serial, done.resumed) == (OURS, False)
    assert ENROLLMENT not in bench.entry.unknown


def test_a_write_that_the_disk_did_not_confirm_keeps_the_device(bench, aws):
    """The seed is in place and fsync of its folder fails: the device stays, and the next run goes on with it."""
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
    assert OURS in aws.world.devices
    done = bench.enroll()
    assert (done.serial, done.resumed) == (OURS, True)
    assert aws.calls.count("CreateVirtualMFADevice") == 1


def test_a_device_whose_seed_cannot_be_kept_is_deleted_again(bench, aws):
    """The vault's file broke after the device was made: that is told, and no device is left that nobody has the seed of."""

    def damage():
        with open(bench.context().paths.vault, "wb") as file:
            file.write(b"no vault")

    aws.faults.hook("CreateVirtualMFADevice", "after", damage)
    with pytest.raises(errors.Damaged):
        bench.enroll()
    assert OURS not in aws.world.devices


def test_a_name_that_was_taken_since_the_interruption_is_told(bench, aws):
    """The device of the interrupted run's name is in use now: it is left alone, and another name is proposed."""
    leave(bench, Enrollment(step="create", name="yourself"))
    with pytest.raises(mfa_enrollment.NameTaken, match="device named yourself"):
        bench.enroll()
    assert aws.world.devices[SERIAL].user == bench.user.arn
    assert bench.entry.enrollment is None


def test_a_clean_up_that_is_forbidden_is_done_by_the_next_run(bench, aws):
    """Without leave to delete the lost device the journal stays, so that a later run deletes it and ends."""
    leave(bench, Enrollment(step="create", name="yourself-desk"))
    aws.world.add_device(OURS, seed=aws.world.new_seed())
    bench.user.denied = {"iam:DeleteVirtualMFADevice"}
    with pytest.raises(mfa_enrollment.NameTaken, match="interrupted run, and the policy does not allow"):
        bench.enroll()
    assert bench.entry.enrollment == Enrollment(step="create", name="yourself-desk")
    bench.user.denied = set()
    assert bench.enroll().serial == OURS
    assert set(bench.opened().payload.seeds) == {SERIAL, OURS}


def test_a_refusal_to_make_it_leaves_no_journal(bench, aws):
    """What AWS refused was not made: the next run has nothing to clean up."""
    aws.faults.add("CreateVirtualMFADevice", "refuse", code="LimitExceeded", message="full", status=409)
    with pytest.raises(errors.Refused, match="LimitExceeded"):
        bench.enroll()
    assert bench.entry.enrollment is None
    assert bench.enroll().resumed is False


def test_a_user_who_may_make_no_device_is_told_what_to_ask_for(bench):
    """Refused for the user's own name too: the actions to ask for, and no other name."""
    bench.user.denied = {"iam:CreateVirtualMFADevice"}
    with pytest.raises(errors.Refused) as caught:
        bench.enroll("yourself")
    assert "iam:CreateVirtualMFADevice" in caught.value.hint
    assert "--device-name" not in caught.value.hint


def test_a_device_that_was_deleted_before_it_was_enabled_is_made_anew(bench, aws):
    """Somebody deleted it between two runs: the seed goes, and the run after that makes another device."""
    bench.user.denied = {"iam:EnableMFADevice"}
    with pytest.raises(errors.Refused, match="AccessDenied"):
        bench.enroll()
    bench.user.denied = set()
    del aws.world.devices[OURS]
    with pytest.raises(errors.Refused, match="deleted at AWS before it was enabled") as caught:
        bench.enroll()
    assert "creates a new device" in caught.value.hint
    assert set(bench.opened().payload.seeds) == {SERIAL}
    assert bench.enroll().resumed is False
    assert set(bench.opened().payload.seeds) == set(aws.world.devices) == {SERIAL, OURS}


def interrupted(bench, aws, name="yourself-desk"):
    """An enrolment that ended before AWS had its request; what it may have made, the policy lets nobody delete."""
    aws.faults.add("CreateVirtualMFADevice", "cut-before", times=4)
    with pytest.raises(errors.Error):
        bench.enroll(name)
    aws.faults.clear()
    assert bench.entry.enrollment.name == name
    bench.user.denied |= {"iam:DeleteVirtualMFADevice"}


def test_an_interrupted_enrolment_goes_on_where_nothing_may_be_deleted(bench, aws):
    """Nothing was made: the same name is free, and the device is enrolled."""
    interrupted(bench, aws)
    done = bench.enroll()
    assert (done.serial, done.resumed, done.left) == (OURS, True, None)
    assert bench.entry.mfa_serial == OURS


def test_another_name_is_a_way_out_where_nothing_may_be_deleted(bench, aws):
    """--device-name leaves the interrupted one behind, and says what may be left at AWS."""
    interrupted(bench, aws)
    done = bench.enroll("another")
    assert done.serial.endswith(":mfa/another")
    assert done.left == OURS
    assert bench.entry.enrollment is None


def test_a_taken_name_instead_of_the_interrupted_one_leaves_no_journal_of_it(bench, aws):
    """Somebody else's device has that name: no later run takes it for one of ours, which it would delete."""
    interrupted(bench, aws)
    theirs = OURS.replace("yourself-desk", "theirs")
    aws.world.add_device(theirs, seed=aws.world.new_seed())
    with pytest.raises(mfa_enrollment.NameTaken) as caught:
        bench.enroll("theirs")
    assert "interrupted" not in caught.value.message
    assert bench.entry.enrollment is None
    bench.user.denied = set()
    assert bench.enroll("yet-another").left is None
    assert theirs in aws.world.devices


def test_a_device_that_was_made_and_may_not_be_deleted_is_named(bench, aws):
    """The answer was lost: its name is taken, by whom is said, and the next run takes another."""
    aws.faults.add("CreateVirtualMFADevice", "cut-after", times=4)
    with pytest.raises(errors.Error):
        bench.enroll()
    aws.faults.clear()
    bench.user.denied |= {"iam:DeleteVirtualMFADevice"}
    with pytest.raises(mfa_enrollment.NameTaken, match="from the interrupted run") as caught:
        bench.enroll()
    assert "--device-name yourself-desk-2" in caught.value.hint
    done = bench.enroll("yourself-desk-2")
    assert (done.serial, done.left) == (OURS + "-2", OURS)
    assert bench.entry.enrollment is None


@pytest.mark.parametrize("denied", [set(), {"iam:ListMFADevices"}])
def test_a_resynchronisation_goes_by_the_clock_as_it_is_now(bench, aws, denied):
    """The clock was 200 s fast once, and is right again: AWS learns nothing that is wrong of a device that is right."""
    context = bench.context()
    bench.keys(context).take_code(SERIAL, CodeWait(context.new_deadline(), 35, skew=-200.0))
    aws.world.clock.advance(600)
    bench.user.denied |= denied
    bench.devices().resync(SERIAL)
    assert aws.world.devices[SERIAL].drift == 0


def test_a_device_without_a_seed_here_is_resynchronised_elsewhere(bench, aws):
    """resync needs codes of ours; without a seed it names the console and calls nothing."""
    bench.edit(lambda p: p.without_seed(SERIAL))
    with pytest.raises(errors.NotFound, match="no seed is stored") as caught:
        bench.devices().resync(SERIAL)
    assert "console" in caught.value.hint
    assert aws.calls.count("ResyncMFADevice") == 0


def test_a_config_that_broke_meanwhile_hides_no_device(bench, aws, home):
    """AWS's files are unreadable once the device is enabled: it is used all the same, and no place is named."""
    aws.faults.hook("EnableMFADevice", "after", lambda: home.config("[profile\n"))
    done = bench.enroll()
    assert (done.serial, done.elsewhere) == (OURS, ())
    assert bench.entry.mfa_serial == OURS


def test_a_hardware_device_is_taken_off_and_not_deleted(bench, aws):
    """Its serial is no virtual device's, and AWS has nothing to delete."""
    hardware = "arn:aws:iam::111111111111:sms-mfa/yourself"
    aws.world.add_device(hardware, seed=aws.world.new_seed(), user=bench.user)
    bench.devices().deactivate(hardware)
    assert aws.world.devices[hardware].user is None
    assert aws.calls.count("DeleteVirtualMFADevice") == 0
