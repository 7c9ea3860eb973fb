"""A cached session is the asker's own and as long as it was asked for: not another key's, nor another profile's hour."""

from __future__ import annotations

import pytest

from tests.fakes.example import KEY_ID, SECRET, role
from tests.home import SCENARIO
from tests.unit.credentials.test_mfa_code import HOUR, LONG
from vault import errors

COLLEAGUE = {
    "AWS_ACCESS_KEY_ID": "AKIAI44QH8DHBEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
}


ROBOT = {
    "AWS_ACCESS_KEY_ID": "AKIAROBOTROBOEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "robotXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}


FROM_OUTSIDE = (
    f"[profile outside]\nregion = us-east-1\nrole_arn = {role('OpenRole')}\ncredential_source = Environment\n"
)


SHORT = """
[profile short]
awsvault_role_arn = arn:aws:iam::222222222222:role/LongRole
awsvault_source_profile = shared-services
mfa_serial = arn:aws:iam::111111111111:mfa/yourself
"""


def test_keys_of_the_environment_get_no_session_of_others(desk, aws, home):
    """credential_source = Environment: each key its own; none, and a wrong one, get what they got at first."""
    home.config(SCENARIO + FROM_OUTSIDE)
    colleague, robot = desk.ask("outside", env=COLLEAGUE), desk.ask("outside", env=ROBOT)
    assert colleague.line != robot.line
    assert desk.ask("outside", env=COLLEAGUE).line == colleague.line
    assert [call.access_key_id for call in aws.calls] == [
        COLLEAGUE["AWS_ACCESS_KEY_ID"],
        ROBOT["AWS_ACCESS_KEY_ID"],
    ]
    with pytest.raises(errors.ConfigError, match="AWS_ACCESS_KEY_ID"):
        desk.ask("outside")
    with pytest.raises(errors.Refused):
        desk.ask("outside", env={**COLLEAGUE, "AWS_SECRET_ACCESS_KEY": SECRET})
    assert (
        desk.ask("outside", env=ROBOT).line == robot.line
    )  # at once: no failure of others is remembered for it


def test_an_hour_of_another_profile_is_no_answer_for_four(desk, aws, home):
    """A role's hour is kept under the name that a long one falls back to: it counts only where no code was to be had."""
    home.config(SCENARIO + SHORT + LONG)
    hour = desk.ask("short")
    got = desk.ask("long")
    assert (hour.expires - hour.issued, got.expires - got.issued) == (HOUR, 4 * HOUR)
    assert (hour.shorter, got.shorter) == (None, None)
    aws.world.clock.advance(31)
    longer = desk.ask("short", duration=2 * HOUR)
    assert longer.expires - longer.issued == 2 * HOUR


@pytest.mark.parametrize("session", [True, False])
def test_a_key_without_end_is_not_given_for_a_quarter_of_an_hour(desk, home, session):
    """A client that asks for less must not be issued more: a file's own keys, and the vault's key itself."""
    home.config(SCENARIO + f"[profile x]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")
    name = "x" if session else "shared-services"
    with pytest.raises(errors.Usage, match="never expire"):
        desk.ask(name, duration=900, session=session)
    assert desk.ask(name, session=session).expires is None


def test_a_duration_that_no_role_has_costs_no_code(desk, aws):
    """Over twelve hours: said before anybody is asked."""
    with pytest.raises(errors.Usage, match="is 13 h, but a role session lasts 12 h"):
        desk.ask("dev", duration=13 * HOUR)
    assert aws.calls.actions() == []
    got = desk.ask("shared-services", duration=13 * HOUR)
    assert got.expires - got.issued == 13 * HOUR


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_read_only_is_the_policy_of_the_role_s_own_partition(desk, aws, home, partition):
    """AWS's managed policies have another name in China and GovCloud; STS refuses one of another partition."""
    home.config(
        SCENARIO
        + f"[profile x]\nregion = us-east-1\nrole_arn = arn:{partition}:iam::222222222222:role/OpenRole\n"
        "source_profile = shared-services\nawsvault_read_only = true\n"
    )
    with pytest.raises(errors.Refused):  # the stand-in has no such role
        desk.ask("x")
    sent = aws.calls[-1].parameters["PolicyArns.member.1.arn"]
    assert sent == f"arn:{partition}:iam::aws:policy/ReadOnlyAccess"


@pytest.mark.parametrize("key", ["awsvault_confrim = always", "awsvault_readonly = true"])
def test_a_rail_that_is_misspelt_where_it_is_included_is_no_rail_that_is_kept(desk, home, key):
    """As in the profile itself: an error with its line, and no credentials."""
    home.config(
        f"[profile base]\n{key}\n[profile x]\ninclude_profile = base\nawsvault_credential = shared-services\n"
    )
    with pytest.raises(errors.ConfigError, match=r"config:2: awsvault_\w+ is not a known key"):
        desk.ask("x")
