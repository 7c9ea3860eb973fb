"""The facts of doctor's checks: what is left of them where files cannot be read, profiles are wrong or the vault is locked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.doctor.homes import other
from vault.doctor.facts import Facts
from vault.doctor.gather import gather
from vault.profiles import aws_files
from vault.system.paths import from_env


@pytest.fixture
def found(home):
    other(home, "role_arn = arn:aws:iam::222222222222:role/Far\nsource_profile = nobody")
    return gather(home.context(), network=False)


@pytest.fixture
def nothing(home):
    """Only what each run knows."""
    at = aws_files.locations(home.env, home=home.root)
    return Facts(env=home.env, paths=from_env(home.env), now=1.0, locations=at)


def test_without_files_there_are_no_profiles(nothing):
    """A check finds nothing then, and need not ask."""
    assert nothing.config is None
    assert list(nothing.profiles()) == []
    assert list(nothing.chains()) == []
    assert nothing.documents() == ()


def test_a_locked_vault_is_not_one_without_entries(nothing, found):
    """None: nobody knows what it has."""
    assert nothing.has_entry is None
    assert (found.has_entry("shared-services"), found.has_entry("nobody")) == (True, False)


def test_profiles_are_those_of_both_files(home, found):
    """In their order."""
    assert [profile.name for profile in found.profiles()] == ["shared-services", "dev", "other", "prod"]


def test_chains_are_those_that_resolve(found):
    """The broken one is another check's matter, and hides none after it."""
    assert [chain.profile for chain in found.chains()] == ["shared-services", "dev", "prod"]


def test_a_profile_that_cannot_be_read_hides_no_other(home, found, monkeypatch):
    """As one whose include_profile is a loop."""
    home.change_config("[profile other]\n", "[profile other]\ninclude_profile = other\n")
    again = gather(home.context(), network=False)
    assert [profile.name for profile in again.profiles()] == ["shared-services", "dev", "prod"]


def test_without_the_vault_chains_are_resolved_from_the_files_alone(found):
    """A locked vault is no reason to report every chain as broken."""
    assert [chain.profile for chain in replace(found, opened=None).chains()] == [
        "shared-services",
        "dev",
        "prod",
    ]


def test_both_files_can_be_edited(home, found):
    """Each with the name that fixes use."""
    assert [kind for kind, _ in found.documents()] == ["config", "credentials"]
    assert found.documents()[0][1] is found.files.config
