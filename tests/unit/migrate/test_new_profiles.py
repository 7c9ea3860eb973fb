"""Profiles for a key that was just stored: what the user types, and the names that are proposed."""

from __future__ import annotations

import pytest

from tests.fakes.example import DEVELOPER
from vault.errors import Usage
from vault.migrate import new_profiles


@pytest.mark.parametrize(
    "region", ["us-east-1", "us-gov-west-1", "us-gov-west-1-fips", "cn-north-1", "aws-global"]
)
def test_a_region_of_any_partition_raises_no_doubt(region):
    """As the installed botocore knows them."""
    assert new_profiles.region_doubt(region) is None


@pytest.mark.parametrize(
    ("region", "near"), [("us-wets-2", "us-west-2"), ("eu-centrl-1", "eu-central-1"), ("moon", None)]
)
def test_a_region_that_nobody_knows_is_named_with_the_nearest(region, near):
    """If one is near."""
    doubt = new_profiles.region_doubt(region)
    assert f"knows no AWS region named {region}." in doubt
    assert (f"Did you mean {near}?" in doubt) == (near is not None)
    assert ("Did you mean" in doubt) == (near is not None)


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        ([], "developer"),
        (["developer"], "developer-222222222222"),
        (["developer", "developer-222222222222"], "developer-222222222222-2"),
    ],
)
def test_the_name_of_a_roles_profile_is_free(taken, name):
    """Short if it can be, otherwise with the account, otherwise with a number."""
    assert new_profiles.proposed_name(DEVELOPER, taken=taken) == name


@pytest.mark.parametrize(
    ("role", "name"), [("x/AWSReadOnly", "aws-read-only"), ("Role", "role"), ("a+b=c", "a-b-c")]
)
def test_the_name_follows_from_the_roles(role, name):
    """In small letters, its words apart, without its path."""
    assert new_profiles.proposed_name(f"arn:aws:iam::222222222222:role/{role}", taken=()) == name


def test_the_arn_of_a_session_leads_to_its_role():
    """The console shows that one."""
    with pytest.raises(Usage) as caught:
        new_profiles.check_role("arn:aws:sts::222222222222:assumed-role/DeveloperRole/me")
    assert caught.value.hint == f"use the ARN of the role, perhaps {DEVELOPER}"
