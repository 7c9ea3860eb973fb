"""Checks of sign-ins: one that is over, and the AWS CLI's token beside one."""

from __future__ import annotations

import pytest

from tests.signins import sign_in as signed_in
from tests.unit.doctor.homes import cli_token, findings, other, sign_in


def test_a_sign_in_that_is_over_is_a_note_with_the_command(home):
    sign_in(home, access=None, refresh=None)
    found = findings(home)["signed-out"]
    assert (found.level, found.hint) == ("note", "awsvault-py sso login corp")
    assert found.where.startswith(home.config_path + ":")


def test_an_expired_token_that_is_refreshed_is_fine(home):
    """Only the sign-in's end costs the user something."""
    sign_in(home, access=signed_in().access)
    assert "signed-out" not in findings(home)


def test_a_sign_in_that_no_profile_uses_is_left_alone(home):
    """Nothing fails for lack of it."""
    sign_in(home, access=None, refresh=None)
    home.change_config("sso_session = corp", "region = us-east-1")
    assert "signed-out" not in findings(home)


def test_a_token_of_the_cli_beside_the_sign_in_is_a_warning(home):
    """Its path, and what removes it."""
    sign_in(home)
    cli_token(home)
    found = findings(home)["plaintext-sign-in"]
    assert (found.level, found.hint) == ("warning", "aws sso logout")
    assert "/sso/cache/" in found.where


@pytest.mark.parametrize(
    ("keys", "tools"),
    [
        ("sso_session = corp", "the SDKs of Go and Rust"),
        (
            "sso_session = corp\nsso_account_id = 222222222222\nsso_role_name = DeveloperRole",
            "the AWS CLI, boto3 and the SDKs of Go and Rust",
        ),
    ],
)
def test_plain_keys_beside_credential_process_name_the_tools_that_prefer_them(home, keys, tools):
    """As tests/clients found."""
    sign_in(home)
    other(home, f"{keys}\ncredential_process = {{command}} export other")
    found = findings(home)["role-before-process"]
    assert f"{tools} read sso_session before credential_process" in found.message
