"""Each refusal by AWS as a user meets it: exit 7, which link, AWS's own word, and a hint that helps."""

import pytest

from tests.fakes.example import KEY_ID, SECRET, SERIAL, role
from tests.home import SCENARIO, failed

pytestmark = pytest.mark.usefixtures("inside")


def extra(home, name, more=""):
    home.config(
        SCENARIO + f"[profile x]\nrole_arn = {role(name)}\nsource_profile = shared-services\n{more}\n"
    )


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


def test_the_trust_policy(ready):
    """Not trusted: the role, who asked, AWS's answer."""
    extra(ready, "ClosedRole")
    done = ready.run("export", "x")
    failed(
        done,
        7,
        "profile x",
        "ClosedRole",
        "shared-services",
        "AccessDenied",
        "trust policy does not allow this user",
    )
    assert "MFA, " not in done.stderr  # it went with the request
    failed(
        ready.run("export", "x"), 7, "run: awsvault-py explain --live x"
    )  # also from what is remembered of it


def test_the_trust_policy_of_a_later_link(ready):
    """The role that asked is named, in what was refused and in the hint; MFA does not go with a role."""
    ready.config(SCENARIO + f"[profile x]\nrole_arn = {role('ClosedRole')}\nsource_profile = dev\n")
    failed(
        ready.run("export", "x"), 7, "role/ClosedRole, requested by role", f"does not allow {role('DeveloperRole')}",
        "requires MFA, which a role session does not have", "awsvault-py explain --live x",
    )  # fmt: skip


def test_a_missing_device(home):
    """A role that demands MFA and a profile without a device."""
    home.make_vault(serial=None, seed=None)
    home.config(SCENARIO.replace(f"mfa_serial = {SERIAL}\n", ""))
    failed(
        home.run("export", "dev"),
        7,
        "DeveloperRole",
        "AccessDenied",
        "requires MFA, and no device is set (mfa_serial)",
        "awsvault-py explain --live dev",
    )


def test_a_wrong_device(home):
    """A serial that is not this user's is named."""
    other = SERIAL.replace("yourself", "somebody")
    home.config(SCENARIO.replace(SERIAL, other))
    home.make_vault(serial=other)
    failed(home.run("export", "dev"), 7, "somebody", "mfa_serial", "awsvault-py explain dev")


def test_a_code_that_the_user_gives(home):
    """A mistyped or spent one: the hint is about the code, not about a stored seed."""
    home.scenario()
    home.make_vault(seed=None)
    failed(
        home.run("export", "dev", "--mfa-code", "000000"), 7, "invalid MFA one time pass code", "the next one"
    )


def test_a_missing_external_id(ready):
    """AWS says no more than AccessDenied; with the id it works."""
    extra(ready, "PartnerRole")
    failed(
        ready.run("export", "x"),
        7,
        "PartnerRole",
        "AccessDenied",
        "external_id, and none is set",
        "explain --live x",
    )
    extra(ready, "PartnerRole", "external_id = another")
    failed(ready.run("export", "x"), 7, "requires another external_id")
    extra(ready, "PartnerRole", "external_id = example-external-id")
    assert ready.export("x")["AccountId"] == "222222222222"


def test_a_region_that_is_off(ready, aws):
    """The region is the account's to activate: AWS's word and how."""
    aws.world.disabled_regions.add(("111111111111", "us-east-1"))
    failed(
        ready.run("export", "dev"), 7, "STS is not activated in this region", "us-east-1", "to activate it",
        "awsvault-py explain dev",
    )  # fmt: skip


def test_an_explicit_deny(ready, aws):
    """A policy forbids it on purpose: no trust is to blame, and the command that shows what was sent."""
    said = f"User: {role('x')} is not authorized to perform: sts:AssumeRole on resource: {role('DeveloperRole')} with an explicit deny in an identity-based policy"
    aws.faults.add("AssumeRole", "refuse", status=403, code="AccessDenied", message=said)
    done = ready.run("export", "dev")
    failed(
        done,
        7,
        "DeveloperRole",
        "explicit deny",
        "explicitly denies AssumeRole",
        "run: awsvault-py explain --live dev",
    )
    assert "trust" not in done.stderr


@pytest.mark.parametrize("kind", ["garbage", "cut-midway"])
def test_an_answer_that_is_not_aws_s_names_the_link(ready, aws, kind):
    """A proxy's page, or half an answer: whose call it was is said, as for a refusal."""
    aws.faults.add("AssumeRole", kind, times=None)
    failed(
        ready.run("export", "dev"),
        8,
        "profile dev",
        f"AssumeRole for role {role('DeveloperRole')}",
        "127.0.0.1",
    )


def test_an_inactive_key(ready, aws):
    """The key's entry is named, and where to look."""
    aws.world.keys[KEY_ID].status = "Inactive"
    failed(ready.run("export", "dev"), 7, "shared-services", "InvalidClientTokenId", "inactive")


def test_a_wrong_secret(home):
    """Signature mismatch: the stored secret does not belong to the key."""
    home.scenario()
    home.make_vault(secret=SECRET[:-7] + "WRONGED")
    failed(home.run("export", "dev"), 7, "SignatureDoesNotMatch", "add --replace shared-services")


def test_expired_credentials_in_awss_file(ready, aws):
    """A session that somebody pasted there: AWS's word, which file and line, and that only new ones help."""
    ready.run("export", "shared-services")
    session = next(iter(aws.world.sessions.values()))
    ready.config(
        f"[profile k]\naws_access_key_id = {session.key_id}\naws_secret_access_key = {session.secret}\n"
        f"aws_session_token = {session.token}\n"
        f"[profile x]\nregion = us-east-1\nrole_arn = {role('OpenRole')}\nsource_profile = k\n"
    )
    aws.world.expire()
    failed(ready.run("export", "x"), 7, "OpenRole", "ExpiredToken", "config:2", "get new ones")


def test_an_expired_session(ready, aws):
    """AWS ended the MFA session early: a new one is fetched and nobody notices."""
    ready.export("dev")
    aws.world.expire()
    aws.world.clock.advance(31)
    extra(ready, "OpenRole")
    assert ready.export("x")["AccountId"] == "222222222222"


def test_a_duration_over_the_roles_own(ready):
    """More than MaxSessionDuration: AWS's sentence, with the role."""
    failed(
        ready.run("export", "dev", "--duration", "4h"), 7, "DeveloperRole", "MaxSessionDuration", "--duration"
    )


def test_the_clock(ready, aws):
    """A clock an hour off: how far, and in which direction."""
    aws.world.clock.advance(3600)
    failed(ready.run("export", "dev"), 7, "clock", "behind")
