"""Every client takes a role of IAM Identity Center by awsvault-py's own sign-in, from profiles with prefixed keys."""

from __future__ import annotations

import os
import statistics
import time

import pytest

from tests.clients.tools import TOOLS
from tests.home import Home
from tests.signins import START_URL
from tests.unit.agent.at_home import reach, stop

pytestmark = pytest.mark.usefixtures("unmeasured")

ACCOUNTS, EACH = 30, 50  # 1,500 profiles
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


def generated(home, aws, accounts, each):
    """The home's config with a generated profile for each of ``each`` roles in ``accounts`` accounts."""
    aws.world.sso.assigned.clear()
    aws.world.sso.names.clear()
    for number in range(accounts):
        names = [f"Role{role}" for role in range(each)]
        aws.world.assign(f"{number:012}", *names, account_name=f"Acme {number}")
    home.config(SESSION)
    done = home.run("setup", "--sso", "corp", "--region", "us-west-2", "--yes")
    assert f"Set up: {accounts * each} profiles of corp." in done.stderr
    home.settle()
    aws.calls.clear()


@pytest.mark.parametrize("name", TOOLS)
def test_a_client_among_generated_profiles(name, home, aws):
    """1,500 of them: the first, one in the middle and the last are the roles that their lines name."""
    generated(home, aws, ACCOUNTS, EACH)
    wanted = {"Acme-0/Role0": ("0" * 12, "Role0"), "Acme-15/Role25": (f"{15:012}", "Role25"), "Acme-9/Role9": (f"{9:012}", "Role9")}  # fmt: skip
    answers = TOOLS[name].identities(home, list(wanted), aws.url)
    for profile, (account, role) in wanted.items():
        assert answers[profile]["Account"] == account
        assert answers[profile]["Arn"].startswith(f"arn:aws:sts::{account}:assumed-role/{role}/")
    assert [call.action for call in aws.calls if call.action != "GetCallerIdentity"] == [
        "GetRoleCredentials"
    ] * len(wanted)


@pytest.mark.parametrize("where", ["memory", "disk"])
def test_a_warm_export_among_generated_profiles(where, home, aws, tmp_path):
    """From the agent's memory and from disk: with 1,500 it costs about what it costs with 10. The median of pairs."""
    few = Home(tmp_path / "few", url=aws.url)
    few.make_vault()
    homes = [(few, 1, 10), (home, ACCOUNTS, EACH)]
    try:
        for each, accounts, roles in homes:
            each.env.pop("AWSVAULT_AGENT")
            assert each.run("unlock").returncode == 0
            each.config(SESSION)
            assert each.run("sso", "login", "corp", "--device").returncode == 0
            generated(each, aws, accounts, roles)
            each.export("Acme-0/Role5")
            each.settle()
            each.export("Acme-0/Role5")
        aws.calls.clear()
        pairs = [[took(each, where) for each, *_ in homes] for _ in range(9)]
        assert list(aws.calls) == []
        assert statistics.median(many / few for few, many in pairs) < 2, pairs
    finally:
        stop(few)


def took(home, where):
    """The seconds of one export."""
    if where == "disk":
        agent = reach(home)
        assert agent.ask("DROP_SESSIONS", profile="")["ok"]
        agent.close()
    began = time.perf_counter()
    home.export("Acme-0/Role5")
    return time.perf_counter() - began
