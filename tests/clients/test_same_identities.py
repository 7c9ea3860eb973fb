"""Moving in changes nobody's identity: each tool is the same under every profile before and after import and setup."""

from __future__ import annotations

import copy
import json
import os
import shutil

import pexpect
import pytest

from tests.certificates import self_signed
from tests.clients import tools
from tests.clients.tools import TOOLS
from tests.clients.tunnel import HOSTS, Tunnel
from tests.fakes.aws import StandIn
from tests.fakes.example import DEVELOPER, KEY_ID, READ_ONLY, SECRET, SEED, SERIAL
from tests.vaults import CREATED, new_vault, soon
from vault.secret import Secret
from vault.store import vault
from vault.system.paths import from_env

pytestmark = [
    pytest.mark.usefixtures("unmeasured"),
    pytest.mark.timeout(900),  # sixty starts of real tools, on a machine that may be busy
]

OTHER_ID, OTHER = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
SHARED = f"""\
# shared-services, dev and prod
[profile shared-services]
region = us-east-1

[profile dev]
region = us-west-2
role_arn = {DEVELOPER}
source_profile = shared-services

[profile prod]
region=eu-west-1
role_arn={READ_ONLY}
source_profile=shared-services
"""
OLDER = f"""\
[default]
region = us-east-1
output = json
[profile dev]
role_arn = {DEVELOPER}
source_profile = default
region = us-west-2
[profile prod]
role_arn = {READ_ONLY}
source_profile = default
region = eu-west-1
[profile hers]
region = us-east-1
aws_access_key_id = {OTHER_ID}
aws_secret_access_key = {OTHER}
[profile her-dev]
region = us-east-1
role_arn = {DEVELOPER}
source_profile = hers
"""
SCENARIOS = {
    "three accounts": (SHARED, "shared-services", ("shared-services", "dev", "prod")),
    "keys in default": (OLDER, "default", ("default", "dev", "prod", "hers", "her-dev")),
}


def who(answer):
    """The account and the principal, without the session's own name."""
    return answer["Account"], "/".join(answer["Arn"].split("/")[:2])


class Ways:
    """How each tool reaches the stand-in: by its endpoint setting, or through a proxy where it has none that works."""

    def __init__(self, home, aws, secure, tunnel, chain):
        self.home, self.aws, self.secure = home, aws, secure
        self.tunnelled = copy.copy(home)
        self.tunnelled.env = {k: v for k, v in home.env.items() if not k.startswith("AWS_ENDPOINT_URL")}
        self.tunnelled.env |= {"HTTPS_PROXY": tunnel.url, "AWS_CA_BUNDLE": chain}

    def of(self, tool):
        """(home, url) for a tool that has to assume a role itself."""
        return (self.home, self.aws.url) if tool.assumes_at_the_endpoint else (self.tunnelled, "")

    def everybody(self, tool, profiles):
        """Who a tool is under each profile where it may have to assume roles itself."""
        home, url = self.of(tool)
        return {name: who(answer) for name, answer in tool.identities(home, profiles, url).items()}

    def served(self, tool, profiles):
        """The identity of a tool under each profile if all of them use awsvault-py: one address, so that sessions are shared."""
        found = tool.identities(self.home, profiles, self.aws.url)
        return {name: who(answer) for name, answer in found.items()}

    def forget_calls(self):
        self.aws.calls.clear()
        self.secure.calls.clear()

    def count(self, action):
        return self.aws.calls.count(action) + self.secure.calls.count(action)

    def codes(self):
        return [*self.aws.calls.codes(), *self.secure.calls.codes()]


@pytest.fixture
def ways(home, aws, tmp_path):
    """One world at two addresses, the second under AWS's own names."""
    chain, key = self_signed(tmp_path, *HOSTS)
    with StandIn(aws.world, certificate=(chain, key)) as secure, Tunnel(secure.url) as tunnel:
        yield Ways(home, aws, secure, tunnel, chain)


def put_keys(home, holder):
    """The example's key in plaintext, as `aws configure` leaves it."""
    path = os.path.join(os.path.dirname(home.config_path), "credentials")
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(f"[{holder}]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")


def no_plaintext_key(home):
    """No secret is in any file of AWS's folder or of awsvault-py's."""
    for folder in (os.path.dirname(home.config_path), home.awsvault_home):
        for at, _, names in os.walk(folder):
            for name in names:
                with open(os.path.join(at, name), "rb") as file:
                    content = file.read()
                assert SECRET.encode() not in content, name
                assert OTHER.encode() not in content, name


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_every_profile_is_the_same_before_and_after(scenario, home, aws, ways):
    """Every tool gets the identity of every profile; and no key is left in plaintext."""
    config, holder, profiles = SCENARIOS[scenario]
    home.config(config)
    put_keys(home, holder)
    for role in (DEVELOPER, READ_ONLY):  # SDKs cannot be asked for a code here, so the roles ask for none
        aws.world.roles[role].mfa = False
    new_vault(from_env(home.env))  # cheap to open, unlike one that import would make
    before = ways.everybody(TOOLS["boto3"], profiles)
    assert len(set(before.values())) == len(profiles) - ("her-dev" in profiles)
    for name, tool in TOOLS.items():
        assert ways.everybody(tool, profiles) == before, name
    cached = os.path.join(os.path.dirname(home.config_path), "cli", "cache")
    assert os.listdir(cached)  # what AWS's CLIs left of it in plaintext
    assert home.run("import", "--yes").returncode == 0
    fixed = home.run("doctor", "--fix", "--yes")
    assert fixed.returncode == 1  # the passphrase is in this home's environment
    no_plaintext_key(home)
    assert os.listdir(cached) == []
    ways.forget_calls()
    for name, tool in TOOLS.items():
        assert ways.served(tool, profiles) == before, name
    assert os.listdir(cached) == []
    # Every tool of every profile lived on the same few sessions: one a key, one a role of it.
    keys = {KEY_ID, OTHER_ID} if "hers" in profiles else {KEY_ID}
    assert ways.count("GetSessionToken") == len(keys)
    assert ways.count("AssumeRole") == sum(p in ("dev", "prod", "her-dev") for p in profiles)


def typed(ways, name, profile):
    """A CLI at a terminal: the identity that a user gets by typing the code before this one, which leaves this one for awsvault-py."""
    home, url = ways.of(TOOLS[name])
    shutil.rmtree(os.path.join(home.root, ".aws", "cli"), ignore_errors=True)  # the CLIs share their cache
    ways.aws.world.devices[SERIAL].last_step = -1  # as if half a minute had gone by since the code before
    program, *arguments = TOOLS[name].command(profile, url)
    env = {**home.env, "AWS_PAGER": ""}
    child = pexpect.spawn(program, arguments, env=env, encoding="utf-8", timeout=tools.LIMIT)  # type: ignore[arg-type]
    child.expect_exact(f"Enter MFA code for {SERIAL}: ")
    with ways.aws.world.clock.standing():  # a busy machine may take longer than AWS takes the code for
        child.sendline(ways.aws.code(steps=-1))
        child.expect(pexpect.EOF)
        child.close()
    assert child.exitstatus == 0, child.before
    return who(json.loads(child.before))


@pytest.mark.parametrize("way", ["every profile", "the source only"])
def test_roles_that_want_a_code_are_the_same_without_the_question(way, home, ways):
    """The README's three accounts in AWS's own form: before, the user types codes; after, nobody does."""
    named = "source_profile = shared-services\n"
    home.config(
        SHARED.replace("source_profile=", "source_profile = ").replace(
            named, f"{named}mfa_serial = {SERIAL}\n"
        )
    )
    put_keys(home, "shared-services")
    opened = new_vault(from_env(home.env))
    seed = vault.StoredSeed(secret=Secret(SEED), created=CREATED)
    vault.edit(from_env(home.env), opened.k_main, lambda p: p.with_seed(SERIAL, seed), deadline=soon())
    before = {profile: typed(ways, "cli-v1", profile) for profile in ("dev", "prod")}
    assert {profile: typed(ways, "cli-v2", profile) for profile in ("dev", "prod")} == before
    before |= ways.everybody(TOOLS["boto3"], ("shared-services",))
    shutil.rmtree(os.path.join(home.root, ".aws", "cli"))
    if way == "every profile":
        assert home.run("import", "--yes").returncode == 0
    else:
        assert home.run("import", "--yes", "--no-setup").returncode == 0
        done = home.run("setup", "--source-only", "--yes")
        assert done.returncode == 0, done.stderr
    no_plaintext_key(home)
    ways.aws.world.devices[SERIAL].last_step = -1
    ways.forget_calls()
    ask = ways.served if way == "every profile" else ways.everybody
    for name, tool in TOOLS.items():
        assert ask(tool, tuple(before)) == before, name
    addresses = 1 if way == "every profile" else 2
    assert ways.count("GetSessionToken") == addresses
    assert len(ways.codes()) == addresses
