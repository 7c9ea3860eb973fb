"""IAM Identity Center by the real AWS CLI: it signs in, and the token that it keeps is what our export takes."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import subprocess
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.certificates import self_signed
from tests.clients.tools import TOOLS, find_cli_two
from tests.clients.tunnel import HOSTS, Tunnel
from tests.fakes.aws import StandIn
from tests.fakes.example import role
from tests.home import Home, failed
from tests.patience import PATIENCE

pytestmark = pytest.mark.usefixtures("unmeasured")

START = "sso_region = us-east-1\nsso_start_url = https://corp.example/start\n"
ROLE = "region = us-east-1\nsso_account_id = 222222222222\nsso_role_name = PortalRole\n"
CONFIG = (
    f"[profile new]\nsso_session = corp\n{ROLE}[sso-session corp]\n{START}[profile old]\n{ROLE}{START}"
    f"[profile further]\nregion = us-east-1\nrole_arn = {role('FromInstanceRole')}\nsource_profile = {{source}}\n"
)


@pytest.mark.parametrize(("source", "which"), [("new", "--sso-session corp"), ("old", "--profile old")])
def test_what_aws_sso_login_keeps(source, which, tmp_path):
    """Both forms: after `aws sso login` the CLI and we are the same role; our hint before and after is our own sign-in."""
    chain, key = self_signed(tmp_path, *HOSTS, "portal.sso.us-east-1.amazonaws.com", "corp.example")
    with StandIn(certificate=(chain, key)) as aws, Tunnel(aws.url) as tunnel:
        home = Home(tmp_path / "home")
        home.env |= {"HTTPS_PROXY": tunnel.url, "AWS_CA_BUNDLE": chain}
        home.make_vault()
        home.config(CONFIG.replace("{source}", source))
        failed(home.run("export", source), 7, "not signed in", f"awsvault-py sso login {which.split()[1]}")
        sign_in(home, aws, chain, *which.split())
        theirs = TOOLS["cli-v2"].identity(home, source, "")
        assert theirs["Arn"].startswith("arn:aws:sts::222222222222:assumed-role/PortalRole/")
        assert home.export(source, "--fresh")["AccountId"] == "222222222222"
        assert home.export("further")["AccountId"] == "222222222222"
        assert aws.calls.count("AssumeRole", result="ok") == 1
        assert aws.calls.count("CreateToken", result="ok") == 1
        cli(home, "sso", "logout")
        failed(
            home.run("export", source, "--fresh-all"),
            7,
            "not signed in",
            f"awsvault-py sso login {which.split()[1]}",
        )
        assert {host.partition(".")[0] for host in tunnel.hosts} - {"corp"} == {"oidc", "portal", "sts"}


def test_the_clis_own_refresh_is_left_to_it(tmp_path):
    """With its token at its end we refuse, and send nothing. It refreshes with its token, which is good once, and we take the new one."""
    chain, key = self_signed(tmp_path, *HOSTS, "portal.sso.us-east-1.amazonaws.com", "corp.example")
    with StandIn(certificate=(chain, key)) as aws, Tunnel(aws.url) as tunnel:
        home = Home(tmp_path / "home")
        home.env |= {"HTTPS_PROXY": tunnel.url, "AWS_CA_BUNDLE": chain}
        home.make_vault()
        home.config(f"{CONFIG}[sso-session scoped]\n{START}sso_registration_scopes = sso:account:access\n".replace("sso_session = corp", "sso_session = scoped"))  # fmt: skip
        sign_in(home, aws, chain, "--sso-session", "scoped")
        before = kept(home)
        with open(before.path, "w", encoding="utf-8") as file:
            json.dump({**before.token, "expiresAt": "2020-01-01T00:00:00Z"}, file)
        aws.world.sso.expire_access()
        failed(home.run("export", "new"), 7, "the sign-in has expired", "awsvault-py sso login scoped")
        assert aws.calls.count("CreateToken") == 1
        assert TOOLS["cli-v2"].identity(home, "new", "")["Account"] == "222222222222"
        assert aws.calls.count("CreateToken", result="ok") == 2
        after = kept(home).token
        assert all(after[name] != before.token[name] for name in ("accessToken", "refreshToken"))
        assert home.export("new")["AccountId"] == "222222222222"
        assert aws.calls.count("CreateToken") == 2


class Kept(NamedTuple):
    """A token that the AWS CLI keeps, and its file."""

    path: str
    token: dict[str, str]


def kept(home):
    """The token in its cache; a registration beside it has none."""
    folder, found = f"{home.root}/.aws/sso/cache", []
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            content = json.load(file)
        if "accessToken" in content:
            found.append(Kept(os.path.join(folder, name), content))
    (token,) = found
    return token


def sign_in(home, aws, chain, *which):
    """`aws sso login` with us as the browser. CLIs since 2.22 sign in by PKCE where the section is an sso-session; older
    ones, and the older form of profile, by device code.
    """
    command = [find_cli_two(), "sso", "login", "--no-browser", *which]
    with subprocess.Popen(
        command,
        env=home.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as login:
        for line in login.stdout:
            if "/authorize?" in line:
                visit(line.strip(), aws, chain)
        assert login.wait(PATIENCE) == 0, login.stderr.read()
    (first, *_) = sorted(os.listdir(f"{home.root}/.aws/sso/cache"))
    assert first.endswith(".json")


def visit(url, aws, chain):
    """What a browser does with the page of a sign-in: it follows the way back to the program."""
    page, stand_in = urlsplit(url), urlsplit(aws.url)
    assert page.hostname == "oidc.us-east-1.amazonaws.com"
    trusted = ssl.create_default_context(cafile=chain)
    connection = http.client.HTTPSConnection(
        stand_in.hostname, stand_in.port, context=trusted, timeout=PATIENCE
    )
    connection.request("GET", f"{page.path}?{page.query}")
    with connection.getresponse() as answer:
        assert answer.status == 302
        back = urlsplit(answer.headers["Location"])
    connection.close()
    connection = http.client.HTTPConnection(back.hostname, back.port, timeout=PATIENCE)
    connection.request("GET", f"{back.path}?{back.query}")
    with connection.getresponse() as answer:
        assert answer.status == 200
    connection.close()


def cli(home, *command):
    done = subprocess.run(
        [find_cli_two(), *command],
        env=home.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
