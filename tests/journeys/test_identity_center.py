"""Days with IAM Identity Center, at a terminal: the first morning, eight hours with sleep in between, and SSH."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request

import pytest

from tests.clients.tools import TOOLS
from tests.fakes.example import role
from tests.fakes.sts import role_session
from tests.fakes.xmlanswer import when
from tests.home import COMMAND, PASSPHRASE, failed
from tests.patience import PATIENCE
from tests.signins import START_URL, browser, visits
from tests.terminal_user import Terminal

pytestmark = pytest.mark.usefixtures("unmeasured")

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HOUR = 3600
SESSION = (
    "[sso-session corp]\nsso_region = us-east-1\n"
    f"sso_start_url = {START_URL}\nsso_registration_scopes = sso:account:access\n"
)
ROLES = {"corp-dev": ("222222222222", "DeveloperRole"), "corp-audit": ("333333333333", "AuditRole")}
PROFILES = "".join(
    f"\n[profile {name}]\nregion = us-west-2\ncredential_process = {{command}} export {name}\n"
    f"awsvault_sso_session = corp\nawsvault_sso_account_id = {account}\nawsvault_sso_role_name = {role}\n"
    for name, (account, role) in ROLES.items()
)


@pytest.fixture
def home(home, aws):
    """A company whose directory gives two roles."""
    for assigned in ROLES.values():
        aws.world.assign(*assigned)
    home.config(SESSION)
    return home


@pytest.mark.parametrize("tool", ["cli-v1", "cli-v2"])
def test_a_new_employees_first_morning(tool, home, aws):
    """Nothing but the start URL: one sign-in makes the vault, one command 40 profiles, and the AWS CLI is the role of each."""
    aws.world.sso.assigned.clear()
    for number in range(20):
        aws.world.assign(f"{number:012}", "DeveloperRole", "AuditRole", account_name=f"Acme {number}")
    assert "To create it and sign in: awsvault-py sso login corp" in home.run("list").stderr
    first = Terminal(home, "sso", "login", "--browser", browser(home))
    first.new_passphrase()
    first.sees("Signed in to corp.")
    assert first.ends() == 0
    second = Terminal(home, "setup", "--sso", "corp", "--region", "us-east-1")
    second.answers("Passphrase: ", PASSPHRASE)  # no agent keeps it here
    second.answers("[y/N/d] ", "y")
    second.sees("Set up: 40 profiles of corp.")
    assert second.ends() == 0
    listed = json.loads(home.run("list", "--json").stdout)["profiles"]
    assert len({one["profile"] for one in listed}) == 40
    for profile, account, name in (
        ("Acme-0/AuditRole", "0" * 12, "AuditRole"),
        ("Acme-19/DeveloperRole", f"{19:012}", "DeveloperRole"),
    ):
        who = TOOLS[tool].identity(home, profile, aws.url)
        assert who["Arn"].startswith(f"arn:aws:sts::{account}:assumed-role/{name}/")
    assert len(visits(home)) == 1


def test_a_day_of_eight_hours_with_sleep_in_between(home, aws, clock):
    """One browser in the morning. Refreshes go unseen, also after sleep; at the end of the day the error says what to do."""
    home.config(SESSION + PROFILES)
    home.make_vault()
    command = browser(home)
    assert home.run("sso", "login", "corp", "--browser", command).returncode == 0
    for hours in (0, 1, 1, 3, 1, 1.9):  # three of them asleep
        clock.move(hours * HOUR)
        for name, (account, _) in ROLES.items():
            assert home.export(name)["AccountId"] == account
    status = json.loads(home.run("sso", "status", "--json").stdout)["sessions"]
    assert [one["signed_in"] for one in status] == [True]
    refreshes = aws.calls.count("CreateToken") - 1
    assert refreshes == 5  # one each time that the token was found at its end
    clock.move(2 * HOUR)
    for name in ROLES:
        failed(home.run("export", name), 7, "awsvault-py sso login corp")
    assert aws.calls.count("CreateToken") == refreshes + 2  # asked once, and remembered
    assert home.run("sso", "login", "corp", "--browser", command).returncode == 0
    assert home.export("corp-dev")["AccountId"] == "222222222222"
    assert (len(visits(home)), aws.calls.count("RegisterClient")) == (2, 1)


def test_a_laptop_reached_by_ssh(home, aws):
    """The device code comes by itself, says why, and is confirmed in a browser elsewhere; nothing is opened here."""
    home.config(SESSION + PROFILES)
    home.make_vault()
    aws.world.sso.person, aws.world.sso.page = "browser", ""
    ssh = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22", "SSH_TTY": "/dev/pts/0", "DISPLAY": ":0"}
    user = Terminal(home, "sso", "login", BROWSER=browser(home), AWSVAULT_PASSPHRASE=home.env["AWSVAULT_PASSPHRASE"], **ssh)  # fmt: skip
    user.sees("Using a device code, because this is an SSH session.")
    user.sees("only if you started this sign-in: ")
    page = re.search(r"Open (\S+) in any browser", user.shown)[1]
    elsewhere = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with elsewhere.open(page, timeout=PATIENCE) as asked:
        code = re.search(r"Do you see ([A-Z-]+) on your device", asked.read().decode())[1]
    user.sees(code)
    with elsewhere.open(f"{page}&answer=yes", timeout=PATIENCE):
        pass
    user.sees("Signed in to corp.")
    assert user.ends() == 0
    assert visits(home) == []
    assert TOOLS["boto3"].identity(home, "corp-audit", aws.url)["Account"] == "333333333333"


def page(kind):
    """The blocks of a kind on the how-to's page."""
    with open(os.path.join(ROOT, "docs", "how-to", "identity-center.md"), encoding="utf-8") as file:
        return re.findall(rf"```{kind}\n(.*?)```", file.read(), re.DOTALL)


MOVING = f"""
[profile cli-dev]
sso_session = corp
sso_account_id = 222222222222
sso_role_name = DeveloperRole
region = us-west-2

[profile production/DeveloperRole]
granted_sso_start_url      = {START_URL}
granted_sso_region         = us-east-1
granted_sso_account_id     = 222222222222
granted_sso_role_name      = DeveloperRole
common_fate_generated_from = aws-sso
credential_process         = granted credential-process --profile production/DeveloperRole
region                     = us-west-2

# BEGIN_AWS_SSO_CLI

[profile 222222222222:DeveloperRole]
credential_process = /usr/local/bin/aws-sso -u open -S "Default" process --arn arn:aws:iam::222222222222:role/DeveloperRole
region = us-west-2

# END_AWS_SSO_CLI
"""


@pytest.fixture
def as_the_page_says(home, aws):
    """The profiles of docs/how-to/identity-center.md and of those who come from elsewhere, and the company's own program."""
    home.config("\n".join([*page("ini"), MOVING]))
    home.make_vault()
    aws.world.sso.names["222222222222"] = "acme-dev"
    aws.world.add_role(role("Federated"), trusts=("saml",))
    aws.world.add_role(role("FederatedDeveloper"), trusts=(role("Federated"),))
    session = role_session(aws.world, aws.world.roles[role("Federated")], "yourself@example.com", HOUR)
    printed = {
        "Version": 1, "AccessKeyId": session.key_id, "SecretAccessKey": session.secret, "SessionToken": session.token,
        "Expiration": when(session.expires),
    }  # fmt: skip
    folder = os.path.join(home.root, "bin")
    os.mkdir(folder)
    with open(os.path.join(folder, "company-sign-in"), "w", opener=lambda p, f: os.open(p, f, 0o700)) as file:
        file.write(
            f"#!/bin/sh\n[ \"$*\" = '--for aws' ] || exit 1\necho >> {home.root}/signed-in\n"
            f"cat << 'END'\n{json.dumps(printed)}\nEND\n"
        )
    path = (folder, os.path.dirname(COMMAND), os.path.dirname(sys.executable), home.env["PATH"])
    home.env |= {"PATH": os.pathsep.join(path), "BROWSER": browser(home), "AWS_PAGER": ""}
    return home


def shell(home, block):
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block], env=home.env, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (block, done.stderr)
    return done.stdout


def test_each_block_of_the_page_does_what_it_says(as_the_page_says, aws):
    """In its order; clear and rekey leave the sign-in, lock hides it, logout ends it."""
    home = as_the_page_says
    sign_in, profiles, use, out, from_cli, from_granted, from_aws_sso, federated = page("sh")
    assert "corp\tyes\t" in shell(home, sign_in)
    assert "acme-dev/DeveloperRole: new profile" in shell(home, profiles)
    assert home.export("acme-dev/DeveloperRole")["AccountId"] == "222222222222"
    shown = shell(home, use)
    assert ":assumed-role/DeveloperRole/" in shown
    assert "AWS_SESSION_TOKEN=" in shown
    for words in (("clear",), ("rekey", "--yes")):
        assert home.run(*words).returncode == 0
        aws.calls.clear()
        assert home.export("dev")["AccountId"] == "222222222222"
        assert [call.action for call in aws.calls] == ["GetRoleCredentials"]
    shell(home, out)
    failed(home.run("export", "dev"), 7, "awsvault-py sso login corp")
    assert home.run("export", "cli-dev").returncode == 7
    shell(home, from_cli)
    with open(home.config_path, encoding="utf-8") as file:
        text = file.read()
    assert (
        "awsvault_sso_account_id = 222222222222\nawsvault_sso_role_name"
        in text.partition("[profile cli-dev]")[2]
    )
    shell(home, from_granted)
    assert TOOLS["cli-v1"].identity(home, "production/DeveloperRole", aws.url)["Account"] == "222222222222"
    shell(home, from_aws_sso)
    assert TOOLS["cli-v1"].identity(home, "222222222222:DeveloperRole", aws.url)["Account"] == "222222222222"
    who = json.loads(shell(home, federated))
    assert ":assumed-role/FederatedDeveloper/" in who["Arn"]


def test_a_companys_own_program_is_a_source(as_the_page_says, aws):
    """It runs once for all exports of the role, whose session is cached; its own credentials are given out as they are."""
    home = as_the_page_says
    for _ in range(3):
        assert home.export("dev-by-company")["AccountId"] == "222222222222"
    assert aws.calls.count("AssumeRole") == 1
    with open(f"{home.root}/signed-in", encoding="utf-8") as file:
        assert len(file.readlines()) == 1
    done = home.run("exec", "company", "--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID")
    assert done.stdout.strip() == aws.calls.of("AssumeRole")[0].access_key_id
    home.config(page("ini")[-1].replace("--for aws", "--for nobody"))
    assert home.run("clear").returncode == 0
    failed(home.run("export", "dev-by-company"), 6, "company-sign-in ended with exit code 1")
