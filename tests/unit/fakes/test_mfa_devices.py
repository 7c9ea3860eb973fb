"""Virtual MFA devices of the stand-in are enrolled, resynchronised and removed by IAM's rules."""

from __future__ import annotations

import pytest

from tests.fakes import example

PREFIX = "arn:aws:iam::111111111111:mfa/"


@pytest.fixture
def iam(client):
    return client("iam")


def made(iam, aws, name="second"):
    """Serial and stand-in device of a new virtual device; its seed is checked against what the answer says."""
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    serial = device["SerialNumber"]
    assert device["Base32StringSeed"].decode() == aws.world.devices[serial].seed
    assert device["QRCodePNG"].startswith(b"\x89PNG")
    return serial


def enable(iam, aws, serial, first=-1, second=0, user="yourself"):
    codes = {
        "AuthenticationCode1": aws.code(serial, steps=first),
        "AuthenticationCode2": aws.code(serial, steps=second),
    }
    iam.enable_mfa_device(UserName=user, SerialNumber=serial, **codes)


def test_enrolment(aws, iam, client):
    """Two codes in a row enable a device; the next code after them opens a session."""
    serial = made(iam, aws)
    enable(iam, aws, serial)
    listed = [d["SerialNumber"] for d in iam.list_mfa_devices(UserName="yourself")["MFADevices"]]
    assert listed == [example.SERIAL, serial]
    aws.world.clock.advance(30)
    client().get_session_token(SerialNumber=serial, TokenCode=aws.code(serial))


def test_codes_of_enrolment_are_spent(aws, iam, client, refused):
    """The codes that enabled a device open no session."""
    serial = made(iam, aws)
    aws.world.clock.freeze()
    enable(iam, aws, serial)
    with refused(403, "AccessDenied", "invalid MFA one time pass code"):
        client().get_session_token(SerialNumber=serial, TokenCode=aws.code(serial))


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, -1), (-1, 1), (-5, -4), (4, 5)])
def test_codes_not_in_a_row_or_far_away(aws, iam, refused, first, second):
    """Two codes must be of consecutive steps and of about now."""
    serial = made(iam, aws)
    aws.world.clock.freeze()
    with refused(403, "InvalidAuthenticationCode", "Authentication code for device is not valid"):
        enable(iam, aws, serial, first, second)


def test_name_taken_and_device_in_use(aws, iam, refused):
    """A second device of a name, and a second enabling, are EntityAlreadyExists."""
    serial = made(iam, aws)
    with refused(409, "EntityAlreadyExists", "MFADevice entity at the same path and name already exists."):
        iam.create_virtual_mfa_device(VirtualMFADeviceName="second")
    enable(iam, aws, serial)
    aws.world.clock.advance(120)
    with refused(409, "EntityAlreadyExists"):
        enable(iam, aws, serial)


def test_eight_devices_a_user(aws, iam, refused):
    """The ninth device of a user is refused."""
    for number in range(2, 9):
        enable(iam, aws, made(iam, aws, f"device{number}"))
    ninth = made(iam, aws, "device9")
    with refused(409, "LimitExceeded", "Cannot exceed quota for MFADevicesPerUser: 8"):
        enable(iam, aws, ninth)


def test_resync_follows_a_device_whose_clock_runs_off(aws, iam, client, refused):
    """Codes half an hour ahead are refused until two in a row have told AWS how far ahead they are."""
    aws.world.clock.freeze()
    code = aws.code(steps=60)
    with refused(403, "AccessDenied"):
        client().get_session_token(SerialNumber=example.SERIAL, TokenCode=code)
    with refused(403, "InvalidAuthenticationCode"):
        iam.resync_mfa_device(
            UserName="yourself",
            SerialNumber=example.SERIAL,
            AuthenticationCode1=code,
            AuthenticationCode2=code,
        )
    iam.resync_mfa_device(
        UserName="yourself",
        SerialNumber=example.SERIAL,
        AuthenticationCode1=code,
        AuthenticationCode2=aws.code(steps=61),
    )
    assert aws.world.devices[example.SERIAL].drift == 61
    client().get_session_token(SerialNumber=example.SERIAL, TokenCode=aws.code(steps=1))


def test_removal(aws, iam, refused):
    """Taken off first, deleted then."""
    with refused(409, "DeleteConflict", "MFA VirtualDevice in use. Must deactivate first."):
        iam.delete_virtual_mfa_device(SerialNumber=example.SERIAL)
    iam.deactivate_mfa_device(UserName="yourself", SerialNumber=example.SERIAL)
    with refused(404, "NoSuchEntity"):
        iam.deactivate_mfa_device(UserName="yourself", SerialNumber=example.SERIAL)
    iam.delete_virtual_mfa_device(SerialNumber=example.SERIAL)
    with refused(404, "NoSuchEntity"):
        iam.delete_virtual_mfa_device(SerialNumber=example.SERIAL)


def test_lists_of_virtual_devices(aws, iam):
    """Devices are listed by whether a user has them."""
    spare = made(iam, aws, "spare")

    def serials(status):
        return [
            d["SerialNumber"]
            for d in iam.list_virtual_mfa_devices(AssignmentStatus=status)["VirtualMFADevices"]
        ]

    assert serials("Assigned") == [example.SERIAL]
    assert serials("Unassigned") == [spare]
    assert serials("Any") == [example.SERIAL, spare]
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"][0]["User"]["UserName"] == "yourself"


def test_policy_for_a_device_of_the_own_name_only(aws, iam, refused):
    """With mfa/${aws:username} as its resource, the policy refuses any other name."""
    aws.world.user("yourself").own_device_name_only = True
    words = "because no identity-based policy allows the iam:CreateVirtualMFADevice action"
    with refused(403, "AccessDenied", words):
        iam.create_virtual_mfa_device(VirtualMFADeviceName="second")
    with refused(409, "EntityAlreadyExists"):
        iam.create_virtual_mfa_device(VirtualMFADeviceName="yourself")


@pytest.mark.parametrize("name", ["a b", "", "x" * 227])
def test_names_of_devices(iam, refused, name):
    """A device's name obeys its pattern and length."""
    with refused(400, "ValidationError", "at 'virtualMFADeviceName' failed"):
        iam.create_virtual_mfa_device(VirtualMFADeviceName=name)


def test_the_clock_stands_while_a_code_is_typed_and_then_goes_on(aws, clock):
    """What passes in the block is not AWS's; the moved clock counts again after it."""
    before = aws.world.now()
    with aws.world.clock.standing():
        code = aws.code()
        clock.move(90)
        assert aws.code() == code
    assert aws.world.now() - before >= 90
    assert aws.code() != code
