"""Sessions that end with a sign-in: however they were named, and no others."""

from __future__ import annotations

import pytest

from tests.fakes.example import DEVELOPER, READ_ONLY
from tests.home import failed
from tests.signins import config

pytestmark = pytest.mark.usefixtures("unmeasured")

CHAINED = """\
[profile chained]
region = us-east-1
awsvault_role_arn = arn:aws:iam::333333333333:role/ReadOnlyRole
awsvault_source_profile = dev
[profile shared-services]
region = us-east-1
mfa_serial = arn:aws:iam::111111111111:mfa/yourself
"""
SIGNED_OUT = (7, "not signed in", "awsvault-py sso login corp")


@pytest.fixture
def signed(home, aws):
    aws.world.assign("222222222222", "DeveloperRole")
    read_only = aws.world.roles[READ_ONLY]
    read_only.mfa, read_only.trusts = False, (DEVELOPER,)
    home.config(config() + CHAINED)
    home.make_vault()
    done = home.run("sso", "login", "corp", "--device")
    assert done.returncode == 0, done.stderr
    return home


def sign_out(home):
    done = home.run("sso", "logout")
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_sessions_of_other_durations_end_with_the_sign_in(signed):
    """A duration gives the session another name."""
    signed.export("chained", "--duration", "20m")
    sign_out(signed)
    failed(signed.run("export", "chained", "--duration", "20m"), *SIGNED_OUT)


def test_sessions_of_a_role_without_a_profile_end_with_the_sign_in(signed):
    words = ("export", "--source", "dev", READ_ONLY, "--duration", "20m")
    assert signed.run(*words).returncode == 0
    sign_out(signed)
    failed(signed.run(*words), *SIGNED_OUT)


def test_sessions_of_an_earlier_config_end_with_the_sign_in(signed):
    """The profile may come back."""
    signed.export("dev")
    signed.config("")
    sign_out(signed)
    signed.config(config() + CHAINED)
    failed(signed.run("export", "dev"), *SIGNED_OUT)


def test_sessions_of_keys_stay(signed, aws):
    """Another code of the device would be needed for them."""
    signed.export("dev")
    before = signed.export("shared-services")
    assert "Deleted 1 cached session." in sign_out(signed)
    aws.calls.clear()
    assert signed.export("shared-services") == before
    assert not list(aws.calls)
