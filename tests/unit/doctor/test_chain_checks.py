"""Chains: each way to break one, devices and seeds, durations, endpoints."""

from __future__ import annotations

import pytest

from tests.fakes.example import SERIAL
from tests.unit.doctor.homes import BREAK, findings, other


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("credential_source = Ec2", "credential_source 'Ec2' is not one of"),
        ("awsvault_source_profile = dev", "profile loop: "),
        ("duration_seconds = soon", "must be a number of seconds"),
    ],
)
def test_each_way_to_break_a_chain_is_named(home, line, said):
    """Missing sources, profile loops, unknown sources and impossible values come with file and line."""
    home.change_config("[profile prod]", f"[profile prod]\n{line}")
    if not line.startswith("awsvault_source"):
        home.change_config("awsvault_source_profile = shared-services\nmfa_serial", "mfa_serial")
    else:
        home.change_config(
            "awsvault_role_arn = arn:aws:iam::222222222222:role/DeveloperRole\nawsvault_source_profile = shared-services",
            "awsvault_role_arn = arn:aws:iam::222222222222:role/DeveloperRole\nawsvault_source_profile = prod",
        )
        home.change_config("ReadOnlyRole\nawsvault_source_profile = shared-services", "ReadOnlyRole")
    if line.startswith("duration"):
        home.change_config("ReadOnlyRole", "ReadOnlyRole\nawsvault_source_profile = shared-services")
    found = findings(home)["broken-chain"]
    assert said in found.message
    assert found.level == "error"


def test_a_profile_without_a_key_is_a_broken_chain(home):
    """A profile that calls awsvault-py for a key that the vault does not hold fails in every tool."""
    home.edit(lambda payload: payload.without_entry("shared-services"))
    assert "has no key with that name" in findings(home)["broken-chain"].message


def test_the_hint_for_a_missing_seed_names_the_entry(home):
    """`mfa add` takes the entry, so the hint names it and not the device."""
    BREAK["device-without-seed"](home)
    assert findings(home)["device-without-seed"].hint == "awsvault-py mfa add shared-services"


def test_a_security_key_is_reported_once_and_not_as_a_missing_seed(home):
    """It gives no codes: the line is an error, and `mfa add` would not help."""
    home.change_config(SERIAL, SERIAL.replace(":mfa/yourself", ":u2f/user/yourself/key-AB12"))
    found = findings(home)
    assert "FIDO" in found["broken-chain"].message
    assert "mfa enroll shared-services" in found["broken-chain"].hint
    assert "device-without-seed" not in found


@pytest.mark.parametrize(
    ("url", "level"),
    [("https://sts.example", "note"), ("http://127.0.0.1:4566", "note"), ("http://sts.example", "error")],
)
def test_a_plaintext_endpoint_is_worse(home, url, level):
    """An endpoint of your own is a note; awsvault-py refuses plain http over the network."""
    home.env["AWS_ENDPOINT_URL"] = url
    assert findings(home)["custom-endpoint"].level == level


def test_a_long_role_that_tools_assume_is_reported(home):
    """With --source-only, tools assume it with the MFA session, which AWS limits to an hour. awsvault-py itself can do more."""
    role = "[profile long]\n{process}role_arn = arn:aws:iam::222222222222:role/LongRole\n"
    role += "source_profile = shared-services\nduration_seconds = 7200\n\n[profile prod]"
    home.change_config("[profile prod]", role.replace("{process}", ""))
    found = findings(home)["long-chained-role"]
    assert "the session of shared-services" in found.message
    assert "awsvault-py setup long" in found.hint
    home.change_config(
        "/LongRole\nsource_profile", "/LongRole\ncredential_process = {command} export long\nsource_profile"
    )
    assert "long-chained-role" not in findings(home)


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_SSO"])
def test_each_service_that_is_called_may_have_an_endpoint(home, variable):
    """Keys are rotated at IAM's endpoint, and portals are at SSO's."""
    home.env[variable] = "https://own.example"
    assert findings(home)["custom-endpoint"].where == variable


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("sso_session = corp\n", None),
        ("sso_session = gone\n", "there is no [sso-session gone]"),
        ("sso_session = corp\nsso_region = eu-west-1\n", "sso_region is 'eu-west-1' here"),
        ("sso_session = corp\nsso_account_id = 222222222222\n", "lacks sso_role_name"),
    ],
)
def test_an_impossible_sign_in_is_reported(home, lines, said):
    """Identity Center's keys that disagree or lack a part. A session alone is for services that take tokens."""
    corp = "[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.example/start\n"
    home.change_config("[profile prod]", f"{corp}[profile corp]\n{lines}[profile prod]")
    found = findings(home).get("broken-chain")
    assert (found is None) if said is None else (said in found.message)


def test_a_misspelled_device_is_reported_with_the_stored_one(home):
    """There is a seed for another spelling: the finding names the line and the right value."""
    home.change_config("mfa/yourself", "mfa/yourslef")
    found = findings(home)["device-without-seed"]
    assert (found.level, found.where) == ("warning", f"{home.config_path}:4")
    assert "arn:aws:iam::111111111111:mfa/yourself" in found.message


def test_profiles_that_include_each_other_are_reported_once(home):
    """The other profiles are checked as usual."""
    other(home, "awsvault_include_profile = another\n[profile another]\nawsvault_include_profile = other")
    BREAK["process-by-name"](home)
    found = findings(home)
    assert "include_profile loop: " in found["broken-chain"].message
    assert set(found) == {"broken-chain", "process-by-name"}


def test_a_missing_services_section_is_reported_by_its_chain(home):
    """The endpoint that it would have named is not guessed."""
    home.change_config("[profile dev]", "[profile dev]\nservices = gone")
    found = findings(home)
    assert "there is no [services gone]" in found["broken-chain"].message
    assert "custom-endpoint" not in found


def test_a_locked_vault_is_not_said_to_lack_a_seed(home):
    """What the checks cannot see is not reported."""
    BREAK["device-without-seed"](home)
    del home.env["AWSVAULT_PASSPHRASE_FILE"]
    assert {"device-without-seed", "seed-without-device"}.isdisjoint(findings(home))


def test_guard_rails_that_would_widen_each_other_are_a_broken_chain(home):
    """Every export refuses them. A source that is read-only for the sake of its roles is none."""
    policy = "awsvault_policy_arns = arn:aws:iam::aws:policy/PowerUserAccess"
    home.change_config("[profile prod]", f"[profile prod]\nawsvault_read_only = yes\n{policy}")
    found = findings(home)["broken-chain"]
    assert found.level == "error"
    assert "awsvault_policy_arns and awsvault_read_only each allow" in found.message
    home.change_config(policy, "")
    home.change_config("[profile shared-services]", "[profile shared-services]\nawsvault_read_only = yes")
    assert "broken-chain" not in findings(home)
