"""One link's call: what is sent to AWS, and who a message says was asked for what."""

from __future__ import annotations

import pytest

from tests.fakes.example import role
from vault import errors

CHAIN = f"""
[profile open]
region = us-west-2
awsvault_role_arn = {role("OpenRole")}
awsvault_source_profile = shared-services

[profile beyond]
awsvault_role_arn = {role("BeyondRole")}
awsvault_source_profile = open
external_id = example
"""


@pytest.fixture
def chained(desk, home):
    """The example's profiles, and two roles in a row."""
    with open(home.config_path, "a", encoding="utf-8") as config:
        config.write(CHAIN)
    home.settle()
    return desk


def test_a_duration_that_nothing_sets_is_not_sent(desk, aws):
    """The role's own maximum decides."""
    desk.ask("dev")
    (sent,) = aws.calls.of("AssumeRole")
    assert "DurationSeconds" not in sent.parameters
    assert "ExternalId" not in sent.parameters


def test_each_session_has_a_name_that_tells_who_asked(desk, aws):
    """CloudTrail shows it. Both roles of one user have the same one."""
    desk.ask("dev")
    desk.ask("prod")
    names = {call.parameters["RoleSessionName"] for call in aws.calls.of("AssumeRole")}
    assert len(names) == 1
    assert 2 <= len(names.pop()) <= 64


def test_a_call_goes_to_the_region_of_its_profile(desk, aws):
    """The MFA session to that of the source profile."""
    desk.ask("dev")
    assert [(call.action, call.region) for call in aws.calls] == [
        ("GetSessionToken", "us-east-1"),
        ("AssumeRole", "us-west-2"),
    ]


def refused(desk, aws, profile, action):
    aws.faults.add(action, "refuse", code="AccessDenied", message="as arranged", status=403)
    with pytest.raises(errors.Refused) as caught:
        desk.ask(profile)
    return caught.value


def test_a_refused_session_names_the_key_and_the_device(desk, aws):
    """Not a role, which nobody has asked for yet."""
    error = refused(desk, aws, "dev", "GetSessionToken")
    assert (
        "the key 'shared-services' of the vault with arn:aws:iam::111111111111:mfa/yourself" in error.message
    )


def test_a_refused_role_names_the_session_that_asked(desk, aws):
    """By the entry of its key."""
    error = refused(desk, aws, "dev", "AssumeRole")
    assert f"role {role('DeveloperRole')}, requested by the session of key 'shared-services'" in error.message
    assert "an external_id, and none is set" in error.hint


def test_a_refused_second_role_names_the_first(chained, aws):
    """Its policy or the trust in it is what to look at, and the external id that was sent."""
    chained.ask("open")
    error = refused(chained, aws, "beyond", "AssumeRole")
    assert f"role {role('BeyondRole')}, requested by role {role('OpenRole')}" in error.message
    assert role("OpenRole") in error.hint
    assert "another external_id" in error.hint


def test_a_role_that_is_asked_for_without_a_session_names_the_key(desk, aws):
    """--no-session: there is none between."""
    aws.faults.add("AssumeRole", "refuse", code="AccessDenied", message="as arranged", status=403)
    with pytest.raises(errors.Refused) as caught:
        desk.ask("dev", session=False)
    assert "requested by the key of profile 'shared-services'" in caught.value.message
