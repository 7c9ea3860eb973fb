"""What keeps tools from calling awsvault-py: keys and roles that they read first."""

from __future__ import annotations

import pytest

from tests.unit.doctor.homes import KEYS, findings
from vault.doctor import fixes
from vault.doctor.checks import run
from vault.doctor.findings import Finding
from vault.doctor.gather import gather


def test_a_key_in_the_config_file_is_used_by_some_tools(home):
    """The AWS CLI and boto3 still call awsvault-py: the finding names those that do not."""
    home.change_config("[profile dev]", "[profile dev]\n" + KEYS.rstrip())
    found = findings(home)["keys-before-process"]
    assert "JavaScript and Go" in found.message
    assert "boto3" not in found.message
    assert found.hint == "awsvault-py import dev"
    assert "boto3" in findings_of_both(home)


def findings_of_both(home):
    home.credentials("[dev]\n" + KEYS)
    return findings(home)["keys-before-process"].message


def test_a_temporary_key_has_no_import_hint(home):
    """import would skip it."""
    home.credentials("[dev]\n" + KEYS + "aws_session_token = t\n")
    found = findings(home)["keys-before-process"]
    assert "temporary" in found.hint
    assert "import" not in found.hint


@pytest.mark.parametrize(
    "line", ["web_identity_token_file = /var/token", "sso_account_id = 111111111111", "login_session = x"]
)
def test_what_tools_read_before_the_command_is_found_and_fixed(home, line):
    """Some tool reads each of them before credential_process; --fix adds the prefix."""
    home.change_config("[profile prod]", f"[profile prod]\n{line}")
    facts = gather(home.context(), network=False)
    everything = run(facts, network=False)
    found = {finding.check: finding for finding in everything}["role-before-process"]
    assert found.where.startswith(home.config_path + ":")
    fixes.apply(home.context(), fixes.changes(facts.files, everything), [])
    assert "role-before-process" not in findings(home)
    with open(home.config_path, encoding="utf-8") as file:
        assert f"\nawsvault_{line}\n" in file.read()


def finding(*fixes_):
    return Finding(level="error", where="x", message="x", hint="x", fixes=fixes_)
