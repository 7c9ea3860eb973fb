"""Which profiles lead to an account, a role or a user."""

from __future__ import annotations

import pytest

from tests.fakes.example import DEVELOPER, SERIAL
from tests.home import SCENARIO
from tests.unit.inspect.chains import IN_SSO, SSO, WEB
from vault import errors
from vault.inspect.which import MatchingProfile, end_of, matching_profiles
from vault.profiles import aws_files
from vault.profiles.resolve import resolve

WEB_ROLE = "arn:aws:iam::222222222222:role/WebRole"
RESERVED = "eu-central-1/AWSReservedSSO_Reader_0123456789abcdef"
WAYS = SCENARIO + (
    f"[profile again]\nrole_arn = {DEVELOPER}\nsource_profile = shared-services\n"
    "[profile pathed]\nrole_arn = arn:aws:iam::222222222222:role/team/Deep\nsource_profile = shared-services\n"
    f"[profile portal]\n{IN_SSO}[profile web]\n{WEB.replace('DeveloperRole', 'WebRole')}"
    f"[profile broken]\nrole_arn = {DEVELOPER}\nsource_profile = gone\n{SSO}"
)


@pytest.mark.parametrize(
    ("wanted", "profiles"),
    [
        ("222222222222", ["again", "dev", "pathed", "portal", "web"]),
        ("111111111111", ["shared-services"]),
        (DEVELOPER, ["again", "dev"]),
        ("arn:aws:sts::222222222222:assumed-role/DeveloperRole/me", ["again", "dev"]),
        ("arn:aws:sts::222222222222:assumed-role/Deep/me", ["pathed"]),
        ("arn:aws:iam::111111111111:user/yourself", ["shared-services"]),
        ("ReadOnlyRole", ["prod"]),
        ("Deep", ["pathed"]),
        ("Reader", ["portal"]),
        ("arn:aws:sts::222222222222:assumed-role/AWSReservedSSO_Reader_0123456789abcdef/me", ["portal"]),
        (f"arn:aws:iam::222222222222:role/aws-reserved/sso.amazonaws.com/{RESERVED}", ["portal"]),
    ],
)
def test_which(at_home, wanted, profiles):
    """An account, the ARN of a role, a user or a session, or a role's name; broken profiles are left out."""
    assert [way.profile for way in matching_profiles(at_home(WAYS), wanted)] == profiles


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("DevloperRole", "did you mean DeveloperRole?"),
        ("222222222223", "did you mean 222222222222?"),
        (DEVELOPER.replace("Developer", "Devloper"), f"did you mean {DEVELOPER}?"),
        ("no-such-thing-anywhere", "run: awsvault-py list"),
        (
            "arn:aws:sts::333333333333:assumed-role/AWSReservedSSO_Reader_0123456789abcdef/me",
            "run: awsvault-py list",
        ),
        ("arn:aws:sts::222222222222:assumed-role/AWSReservedSSO_Reader_x/me", f"did you mean {WEB_ROLE}?"),
        (DEVELOPER.replace("arn:aws:", "arn:aws-cn:"), f"did you mean {DEVELOPER}?"),
    ],
)
def test_which_none(at_home, wanted, hint):
    """If no profile leads there, the hint has the nearest name that one leads to."""
    with pytest.raises(errors.NotFound, match="there is no profile for") as caught:
        matching_profiles(at_home(WAYS), wanted)
    assert caught.value.hint == hint


@pytest.mark.parametrize(("serial", "account"), [("", None), (f"mfa_serial = {SERIAL}\n", "111111111111")])
def test_a_programs_account_is_known_only_from_its_device(at_home, serial, account):
    """Nobody knows what a credential_process prints before it runs; an account that the file names is shown."""
    context = at_home(f"[profile a]\ncredential_process = op read x\n{serial}")
    chain = resolve(aws_files.load(context.env, home=context.paths.home), "a", env=context.env)
    assert end_of(chain) == MatchingProfile("a", account, None)
