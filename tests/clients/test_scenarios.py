"""The three ways of the README to set up three accounts, each with each real tool."""

from __future__ import annotations

import threading

import pytest

from tests.certificates import self_signed
from tests.clients.tools import TOOLS
from tests.clients.tunnel import HOSTS, Tunnel
from tests.fakes.aws import StandIn
from tests.fakes.example import DEVELOPER, READ_ONLY
from tests.home import Home

pytestmark = pytest.mark.usefixtures("unmeasured")

DEVELOPER_SESSION = "arn:aws:sts::222222222222:assumed-role/DeveloperRole/"
READ_ONLY_SESSION = "arn:aws:sts::333333333333:assumed-role/ReadOnlyRole/"

KEYS_IN_DEFAULT = """\
[default]
region = us-east-1
credential_process = {command} export default
mfa_serial = arn:aws:iam::111111111111:mfa/yourself

[profile dev]
region = us-west-2
credential_process = {command} export dev
awsvault_role_arn = arn:aws:iam::222222222222:role/DeveloperRole
awsvault_source_profile = default
mfa_serial = arn:aws:iam::111111111111:mfa/yourself

[profile prod]
region = eu-west-1
credential_process = {command} export prod
awsvault_role_arn = arn:aws:iam::333333333333:role/ReadOnlyRole
awsvault_source_profile = default
mfa_serial = arn:aws:iam::111111111111:mfa/yourself
"""

ONLY_THE_SOURCE = """\
[profile shared-services]
region = us-east-1
credential_process = {command} export shared-services
mfa_serial = arn:aws:iam::111111111111:mfa/yourself

[profile dev]
region = us-west-2
role_arn = arn:aws:iam::222222222222:role/DeveloperRole
source_profile = shared-services

[profile prod]
region = eu-west-1
role_arn = arn:aws:iam::333333333333:role/ReadOnlyRole
source_profile = shared-services
"""


def sessions(aws):
    """(action, role) of the calls that gave a session, in order."""
    return [
        (call.action, call.parameters.get("RoleArn"))
        for call in aws.calls
        if call.action in ("GetSessionToken", "AssumeRole")
    ]


def holds(tool, home, aws, source):
    """The right identity for each profile, for one code; nothing more is asked of AWS the second time."""
    first = tool.identities(home, ("dev", "prod", source), aws.url)
    assert first["dev"]["Arn"].startswith(DEVELOPER_SESSION)
    assert first["dev"]["Account"] == "222222222222"
    assert first["prod"]["Arn"].startswith(READ_ONLY_SESSION)
    assert first[source]["Arn"] == "arn:aws:iam::111111111111:user/yourself"
    wanted = [("GetSessionToken", None), ("AssumeRole", DEVELOPER), ("AssumeRole", READ_ONLY)]
    assert sessions(aws) == wanted
    assert len(aws.calls.codes()) == 1
    assert tool.identities(home, ("dev", "prod", source), aws.url) == first
    assert sessions(aws) == wanted
    assert all(call.result == "ok" for call in aws.calls)


def test_three_accounts(tool, stocked, aws):
    """shared-services, dev and prod, every profile through us."""
    home = stocked("shared-services")
    home.scenario()
    holds(tool, home, aws, "shared-services")


def test_keys_in_default(tool, stocked, aws):
    """The keys belong to [default]; dev and prod name it as their source."""
    home = stocked("default")
    home.config(KEYS_IN_DEFAULT)
    holds(tool, home, aws, "default")


@pytest.mark.parametrize("name", sorted(name for name, tool in TOOLS.items() if tool.assumes_at_the_endpoint))
def test_only_the_source_through_us(name, stocked, aws):
    """AWS's own tool assumes the role from our MFA session: one code for both roles and for the second time."""
    tool, home = TOOLS[name], stocked("shared-services")
    home.config(ONLY_THE_SOURCE)
    for _ in range(2):
        assert tool.identity(home, "dev", aws.url)["Arn"].startswith(DEVELOPER_SESSION)
        assert tool.identity(home, "prod", aws.url)["Arn"].startswith(READ_ONLY_SESSION)
    assert aws.calls.count("GetSessionToken") == 1
    assert len(aws.calls.codes()) == 1


@pytest.mark.parametrize("name", sorted(n for n, tool in TOOLS.items() if not tool.assumes_at_the_endpoint))
def test_only_the_source_through_us_behind_a_proxy(name, tmp_path, make_stocked):
    """Some assume roles at AWS's own address only; a proxy leads them to the stand-in, and us as well."""
    chain, key = self_signed(tmp_path, *HOSTS)
    with StandIn(certificate=(chain, key)) as aws, Tunnel(aws.url) as tunnel:
        home = Home(tmp_path / "home")
        home.env |= {"HTTPS_PROXY": tunnel.url, "AWS_CA_BUNDLE": chain}
        make_stocked(home, "shared-services")
        home.config(ONLY_THE_SOURCE)
        for _ in range(2):
            assert TOOLS[name].identity(home, "dev", "")["Arn"].startswith(DEVELOPER_SESSION)
            assert TOOLS[name].identity(home, "prod", "")["Arn"].startswith(READ_ONLY_SESSION)
        assert aws.calls.count("GetSessionToken") == 1
        assert "sts.us-west-2.amazonaws.com:443" in tunnel.hosts


@pytest.mark.parametrize("name", ["cli-v1", "cli-v2", "boto3", "go"])
def test_no_setting_of_an_endpoint_at_all(name, tmp_path, make_stocked):
    """As on a user's machine behind a proxy: every tool, and awsvault-py, finds AWS's own addresses by itself."""
    chain, key = self_signed(tmp_path, *HOSTS)
    with StandIn(certificate=(chain, key)) as aws, Tunnel(aws.url) as tunnel:
        home = Home(tmp_path / "home")
        home.env |= {"HTTPS_PROXY": tunnel.url, "AWS_CA_BUNDLE": chain}
        make_stocked(home, "shared-services")
        home.scenario()
        assert TOOLS[name].identity(home, "dev", "")["Arn"].startswith(DEVELOPER_SESSION)
        assert [call.action for call in aws.calls][-3:] == [
            "GetSessionToken",
            "AssumeRole",
            "GetCallerIdentity",
        ]
        assert set(tunnel.hosts) <= {
            f"sts.{region}.amazonaws.com:443" for region in ("us-east-1", "us-west-2")
        }


def test_all_tools_at_once(stocked, aws):
    """Seven tools that start together on a cold cache share one code and one session of the role."""
    home = stocked("shared-services")
    home.scenario()
    found, gate = {}, threading.Barrier(len(TOOLS))

    def ask(name):
        gate.wait()
        found[name] = TOOLS[name].run(home, "dev", aws.url)

    threads = [threading.Thread(target=ask, args=(name,)) for name in TOOLS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(180)
    assert {name: done.returncode for name, done in found.items()} == dict.fromkeys(TOOLS, 0), found
    assert sessions(aws) == [("GetSessionToken", None), ("AssumeRole", DEVELOPER)]


def test_refusal_reaches_the_user_of_the_tool(tool, stocked, aws):
    """What AWS says no to is a failure of the tool, and no secret is in its words."""
    from tests.fakes.example import SECRET, SEED

    home = stocked("shared-services")
    home.config(
        "[profile closed]\nregion = us-east-1\ncredential_process = {command} export closed\n"
        "awsvault_role_arn = arn:aws:iam::222222222222:role/ClosedRole\nawsvault_source_profile = shared-services\n"
        "mfa_serial = arn:aws:iam::111111111111:mfa/yourself\n[profile shared-services]\nregion = us-east-1\n"
    )
    done = tool.run(home, "closed", aws.url)
    assert done.returncode != 0
    assert done.stdout == ""
    assert SECRET not in done.stderr
    assert SEED not in done.stderr
    assert aws.calls.count("AssumeRole", result="AccessDenied") == 1
