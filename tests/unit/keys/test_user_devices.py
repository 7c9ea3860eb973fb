"""A user's devices at AWS: two codes in a row, resynchronized, deactivated."""

from __future__ import annotations

import pytest

from tests.fakes.example import SERIAL
from tests.unit.keys.device_bench import bench
from vault import errors
from vault.unlocking.keys import CodeWait

__all__ = ["bench"]

CREATED = "arn:aws:iam::111111111111:mfa/yourself-desk"


def test_codes_are_consecutive_and_never_sent_again(bench, aws):
    """The two codes of the enrollment are consecutive, and a resynchronization waits for later ones."""
    bench.enroll()
    (call,) = aws.calls.of("EnableMFADevice")
    device = aws.world.devices[CREATED]
    steps = [
        s
        for s in range(device.last_step - 3, device.last_step + 1)
        if device.code(s) in call.parameters.values()
    ]
    assert steps == [device.last_step - 1, device.last_step]
    bench.devices().resync(CREATED)
    assert device.last_step >= steps[-1] + 2


@pytest.mark.usefixtures("awss_own")
def test_deactivate_removes_the_device_at_aws(bench, aws):
    """The user no longer has it and it is deleted; doing it again changes nothing."""
    bench.enroll()
    for _ in range(2):
        bench.devices().deactivate(CREATED)
        assert CREATED not in aws.world.devices


@pytest.mark.parametrize("denied", [set(), {"iam:ListMFADevices"}])
def test_resync_uses_the_clock_as_it_is_now(bench, aws, denied):
    """The clock was 200 s fast once, and is right again: AWS learns nothing wrong about a correct device."""
    context = bench.context()
    bench.keys(context).take_code(SERIAL, CodeWait(context.new_deadline(), 35, skew=-200.0))
    aws.world.clock.advance(600)
    bench.user.denied |= denied
    bench.devices().resync(SERIAL)
    assert aws.world.devices[SERIAL].drift == 0


def test_resync_needs_a_stored_seed(bench, aws):
    """Without one the hint names the console, and nothing is sent."""
    bench.edit(lambda p: p.without_seed(SERIAL))
    with pytest.raises(errors.NotFound, match="no seed is stored") as caught:
        bench.devices().resync(SERIAL)
    assert "console" in caught.value.hint
    assert aws.calls.count("ResyncMFADevice") == 0


def test_a_hardware_device_is_deactivated_and_not_deleted(bench, aws):
    """It is not a virtual device, and AWS has nothing to delete."""
    hardware = "arn:aws:iam::111111111111:sms-mfa/yourself"
    aws.world.add_device(hardware, seed=aws.world.new_seed(), user=bench.user)
    bench.devices().deactivate(hardware)
    assert aws.world.devices[hardware].user is None
    assert aws.calls.count("DeleteVirtualMFADevice") == 0
