"""Virtual MFA devices: made, enabled by two codes in a row, resynchronised, taken off, deleted."""

from __future__ import annotations

import base64
from typing import Any

from tests.fakes import auth, onetime
from tests.fakes.iamcommon import gone, named_user, own_device_only, page, user_fields
from tests.fakes.refusal import Refusal
from tests.fakes.xmlanswer import when

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.model import Caller, Device, User
    from tests.fakes.world import World

DEVICES_A_USER = 8
ENABLE_REACH = 2  # steps of tolerance for the first of two codes
# The smallest PNG there is: one grey pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


def create_virtual_mfa_device(world: World, caller: Caller, parameters: dict[str, str]) -> dict[str, Any]:
    name = parameters["VirtualMFADeviceName"]
    serial = f"arn:aws:iam::{caller.account}:mfa{parameters.get('Path', '/')}{name}"
    auth.authorize(caller, "iam:CreateVirtualMFADevice", serial)
    own_device_only(caller, "CreateVirtualMFADevice", serial)
    if serial in world.devices:
        raise Refusal(
            409, "EntityAlreadyExists", "MFADevice entity at the same path and name already exists."
        )
    seed = world.new_seed()
    world.add_device(serial, seed=seed)
    fields = {
        "SerialNumber": serial,
        "Base32StringSeed": base64.b64encode(seed.encode()).decode(),
        "QRCodePNG": base64.b64encode(PNG).decode(),
    }
    return {"VirtualMFADevice": fields}


def enable_mfa_device(world: World, caller: Caller, parameters: dict[str, str]) -> None:
    user, device = _user_and_device(world, caller, parameters, "EnableMFADevice")
    if device.user is not None:
        raise Refusal(409, "EntityAlreadyExists", "MFA Device is already in use.")
    if len(world.devices_of(user)) >= DEVICES_A_USER:
        raise Refusal(409, "LimitExceeded", f"Cannot exceed quota for MFADevicesPerUser: {DEVICES_A_USER}")
    _two_codes(world, device, parameters, reach=ENABLE_REACH)
    device.user, device.enabled = user.arn, world.now()


def resync_mfa_device(world: World, caller: Caller, parameters: dict[str, str]) -> None:
    user, device = _user_and_device(world, caller, parameters, "ResyncMFADevice")
    if device.user != user.arn:
        raise gone("MFA Device invalid for user.")
    _two_codes(world, device, parameters, reach=onetime.RESYNC_REACH)


def list_mfa_devices(world: World, caller: Caller, parameters: dict[str, str]) -> dict[str, Any]:
    user = named_user(world, caller, parameters, "ListMFADevices")
    items = [
        {"UserName": user.name, "SerialNumber": device.serial, "EnableDate": when(device.enabled)}
        for device in world.devices_of(user)
    ]
    return page("MFADevices", items, parameters)


def list_virtual_mfa_devices(world: World, caller: Caller, parameters: dict[str, str]) -> dict[str, Any]:
    auth.authorize(caller, "iam:ListVirtualMFADevices", f"arn:aws:iam::{caller.account}:mfa/")
    wanted = parameters.get("AssignmentStatus", "Any")
    items = []
    for device in world.devices.values():
        assigned = "Assigned" if device.user else "Unassigned"
        if device.serial.split(":")[4] != caller.account or wanted not in ("Any", assigned):
            continue
        item: dict[str, Any] = {"SerialNumber": device.serial}
        if device.user:
            item |= {"User": user_fields(world.users[device.user]), "EnableDate": when(device.enabled)}
        items.append(item)
    return page("VirtualMFADevices", items, parameters)


def deactivate_mfa_device(world: World, caller: Caller, parameters: dict[str, str]) -> None:
    user, device = _user_and_device(world, caller, parameters, "DeactivateMFADevice")
    if device.user != user.arn:
        raise gone("MFA Device invalid for user.")
    device.user = None


def delete_virtual_mfa_device(world: World, caller: Caller, parameters: dict[str, str]) -> None:
    serial = parameters["SerialNumber"]
    auth.authorize(caller, "iam:DeleteVirtualMFADevice", serial)
    own_device_only(caller, "DeleteVirtualMFADevice", serial)
    if _device(world, caller, serial).user is not None:
        raise Refusal(409, "DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.")
    del world.devices[serial]


def _device(world: World, caller: Caller, serial: str) -> Device:
    device = world.devices.get(serial)
    if device is None or serial.split(":")[4] != caller.account:
        raise gone(f"VirtualMFADevice with serial number {serial} does not exist.")
    return device


def _user_and_device(
    world: World, caller: Caller, parameters: dict[str, str], action: str
) -> tuple[User, Device]:
    user = named_user(world, caller, parameters, action)
    own_device_only(caller, action, parameters["SerialNumber"])
    return user, _device(world, caller, parameters["SerialNumber"])


def _two_codes(world: World, device: Device, parameters: dict[str, str], *, reach: int) -> None:
    first, second = parameters["AuthenticationCode1"], parameters["AuthenticationCode2"]
    step = onetime.two_in_a_row(world, device, first, second, reach=reach)
    if step is None or step <= device.last_step:
        raise Refusal(403, "InvalidAuthenticationCode", "Authentication code for device is not valid.")
    # The second code is the newest that the device has shown; from here its clock is judged by it.
    device.drift = _drift(world, device, step)
    device.last_step = step


def _drift(world: World, device: Device, step: int) -> int:
    away = step - int(world.now() // device.period)
    return 0 if abs(away) <= onetime.TOLERANCE else away


ACTIONS: dict[str, Callable[..., Any]] = {
    "CreateVirtualMFADevice": create_virtual_mfa_device,
    "EnableMFADevice": enable_mfa_device,
    "ResyncMFADevice": resync_mfa_device,
    "ListMFADevices": list_mfa_devices,
    "ListVirtualMFADevices": list_virtual_mfa_devices,
    "DeactivateMFADevice": deactivate_mfa_device,
    "DeleteVirtualMFADevice": delete_virtual_mfa_device,
}
