"""How AWS takes a one-time code: once a device and step, one step early or late, and two in a row to enrol."""

from __future__ import annotations

from tests.fakes.refusal import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tests.fakes.model import Caller, Device
    from tests.fakes.world import World

WRONG_CODE = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
WRONG_SERIAL = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  "
    "Please verify your MFA serial number is valid and associated with this user."
)
HALF = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
TOLERANCE = 1  # steps
RESYNC_REACH = 120  # steps: an hour either way


def verify(world: World, caller: Caller, serial: str | None, code: str | None) -> bool:
    """True if a right, unused code came with the request, False if none did; the step is spent either way it ends."""
    if serial is None and code is None:
        return False
    if serial is None or code is None:
        raise Refusal(403, "AccessDenied", HALF)
    device = world.devices.get(serial)
    if device is None or caller.user is None or device.user != caller.user.arn:
        raise Refusal(403, "AccessDenied", WRONG_SERIAL)
    step = matching_step(world, device, code)
    if step is None or step <= device.last_step:
        raise Refusal(403, "AccessDenied", WRONG_CODE)
    device.last_step = step
    return True


def matching_step(world: World, device: Device, code: str) -> int | None:
    """The newest step within tolerance whose code this is."""
    now = device.step(world.now())
    for step in range(now + TOLERANCE, now - TOLERANCE - 1, -1):
        if device.code(step) == code:
            return step
    return None


def two_in_a_row(world: World, device: Device, first: str, second: str, *, reach: int) -> int | None:
    """The later step of two consecutive codes within `reach` steps of now, nearest first."""
    now = int(world.now() // device.period)
    for away in sorted(range(-reach, reach + 1), key=abs):
        step = now + away
        if device.code(step) == first and device.code(step + 1) == second:
            return step + 1
    return None
