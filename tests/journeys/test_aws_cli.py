"""The README's first command with the real AWS CLI and boto3; tests/clients has every client and every form of a profile."""

from __future__ import annotations

import pytest

from tests.clients.tools import TOOLS
from tests.fakes.example import DEVELOPER

PRINCIPAL = DEVELOPER.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")


@pytest.mark.parametrize("name", ["cli-v1", "boto3"])
def test_a_client_is_the_role_of_its_profile(name, home, aws):
    """By credential_process alone, with one code for the session: who it is, and nothing on stderr."""
    home.scenario()
    home.make_vault()
    answer = TOOLS[name].identity(home, "dev", aws.url)
    assert answer["Arn"].startswith(f"{PRINCIPAL}/")
    assert len(aws.calls.codes()) == 1
