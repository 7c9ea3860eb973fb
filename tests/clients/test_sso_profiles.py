"""Every client takes a role of IAM Identity Center by awsvault-py's own sign-in, from profiles with prefixed keys."""

from __future__ import annotations

import os

import pytest

from tests.clients.tools import TOOLS
from tests.signins import START_URL

pytestmark = pytest.mark.usefixtures("unmeasured")

ROLES = {"corp-dev": ("222222222222", "DeveloperRole"), "corp-audit": ("333333333333", "AuditRole")}
SESSION = (
    "[sso-session corp]\nsso_region = us-east-1\n"
    f"sso_start_url = {START_URL}\nsso_registration_scopes = sso:account:access\n"
)


def profiles():
    """As they are generated: nothing by which an SDK would sign in by itself."""
    return "".join(
        f"\n[profile {name}]\nregion = us-west-2\ncredential_process = {{command}} export {name}\n"
        f"awsvault_sso_session = corp\nawsvault_sso_account_id = {account}\nawsvault_sso_role_name = {role}\n"
        for name, (account, role) in ROLES.items()
    )


@pytest.fixture
def home(home, aws):
    """Signed in a moment ago."""
    home.config(SESSION + profiles())
    home.make_vault()
    for account, role in ROLES.values():
        aws.world.assign(account, role)
    done = home.run("sso", "login", "--device")
    assert done.returncode == 0, done.stderr
    aws.calls.clear()
    return home


@pytest.mark.parametrize("name", TOOLS)
def test_a_client_is_the_role_of_each_profile(name, home, aws):
    """Without a word on stderr, with one GetRoleCredentials for each role, and no token in the AWS CLI's place."""
    tool = TOOLS[name]
    answers = tool.identities(home, list(ROLES), aws.url)
    for profile, (account, role) in ROLES.items():
        assert answers[profile]["Account"] == account
        assert answers[profile]["Arn"].startswith(f"arn:aws:sts::{account}:assumed-role/{role}/")
    assert tool.identity(home, "corp-dev", aws.url) == answers["corp-dev"]
    asked = [call.action for call in aws.calls if call.action != "GetCallerIdentity"]
    assert asked == ["GetRoleCredentials"] * len(ROLES)
    assert not os.path.exists(os.path.join(home.root, ".aws", "sso"))
    assert not os.path.exists(os.path.join(home.root, ".aws", "cli", "cache"))


@pytest.mark.parametrize("name", ["cli-v1", "boto3", "go"])
def test_a_client_shows_what_to_do_once_the_sign_in_is_over(name, home, aws):
    """The hint of the export comes through the SDK's error."""
    aws.world.sso.expire_sign_ins()
    done = TOOLS[name].run(home, "corp-dev", aws.url)
    assert done.returncode != 0
    assert "awsvault-py sso login corp" in done.stdout + done.stderr
