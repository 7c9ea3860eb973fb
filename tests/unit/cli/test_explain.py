"""explain and which at a prompt, and names that a user may shorten: exec, login, whoami and explain, never export."""

import json
import os
import re

import pytest

from tests.fakes.example import READ_ONLY
from tests.home import SCENARIO, failed

EXPLAINED = """\
dev
  region  us-west-2  (~/.aws/config:7)
├─ 1. key 'shared-services' in the vault
│    profile  shared-services  (~/.aws/config:1)
│    assumed  there is no vault yet; to create it: awsvault-py add shared-services
├─ 2. MFA session of the key
│    lasts     12h: one session for all roles of the key
│    device    arn:aws:iam::111111111111:mfa/yourself  (~/.aws/config:4)
│    code      one code for this session, which all roles of the key share
│    region    us-east-1  (~/.aws/config:2)
│    endpoint  https://sts.us-east-1.amazonaws.com
│    session   not cached
└─ 3. role arn:aws:iam::222222222222:role/DeveloperRole
     profile   dev  (~/.aws/config:9)
     lasts     1h: AWS's default
     region    us-west-2  (~/.aws/config:7)
     endpoint  https://sts.us-west-2.amazonaws.com
     session   not cached

The AWS CLI and AWS's current SDKs run awsvault-py export dev.
"""


def test_the_tree(home):
    """The README's dev on one screen, before there is a vault, with no passphrase and no network."""
    home.scenario()
    done = home.run("explain", "dev", AWSVAULT_PASSPHRASE=None, AWS_ENDPOINT_URL=None)
    assert (done.returncode, done.stdout, done.stderr) == (0, EXPLAINED, "")


def test_nothing_is_opened_or_asked(home, aws):
    """With a vault in place: no passphrase is needed, none of its files changes, AWS hears nothing."""
    home.scenario()
    home.make_vault()
    before = {at: names for at, _, names in os.walk(home.awsvault_home)}
    for more in ([], ["--json"]):
        done = home.run("explain", "dev", *more, AWSVAULT_PASSPHRASE=None)
        assert (done.returncode, done.stderr) == (0, "")
    assert list(aws.calls) == []
    assert {at: names for at, _, names in os.walk(home.awsvault_home)} == before


def test_json_is_one_object(home):
    """--json alone on stdout, as the reference has it."""
    home.scenario()
    found = json.loads(home.run("explain", "dev", "--json").stdout)
    assert list(found) == ["profile", "region", "chain", "warnings"]
    assert [item["type"] for item in found["chain"]] == ["access-key", "session-token", "assume-role"]


def test_what_is_held(home):
    """While the agent holds the vault open: no word of an assumed key, and how long each session lives."""
    home.scenario()
    home.make_vault()
    agent = {"AWSVAULT_AGENT": "auto"}
    assert home.run("unlock", **agent).returncode == 0
    before = home.run("explain", "dev", **agent).stdout
    assert "assumed" not in before
    assert before.count("not cached") == 2
    home.export("dev", **agent)
    after = home.run("explain", "dev", **agent).stdout
    assert len(re.findall(r"session   cached, expires in 11h \d+m\n", after)) == 1
    assert len(re.findall(r"session   cached, expires in \d+m\n", after)) == 1
    assert "not cached" not in after


def test_hostile_values_do_not_reach_the_terminal(home):
    """What is in the file is escaped."""
    home.config("[profile a]\ncredential_process = tool \x1b[31m\u202e\nregion = us-east-1\n")
    done = home.run("explain", "a")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "\\x1b[31m" in done.stdout


class TestNames:
    @pytest.fixture
    def ready(self, home):
        home.config(
            SCENARIO + f"[profile prod-old]\nrole_arn = {READ_ONLY}\nsource_profile = shared-services\n"
        )
        home.make_vault()
        return home

    @pytest.mark.parametrize("server", [[], ["--server"]])
    def test_exec_takes_the_start_of_a_name(self, ready, server):
        """The child runs as the whole name; the short one is not remembered, so export still refuses it."""
        say = 'printf \'%s %s\' "$AWSVAULT_PROFILE" "$AWS_REGION"'
        done = ready.run("exec", *server, "de", "--", "sh", "-c", say)
        assert (done.returncode, done.stdout, done.stderr) == (0, "dev us-west-2", "")
        failed(ready.run("export", "de"), 5, "no profile 'de'", "did you mean dev?")

    def test_login_and_whoami(self, ready):
        """So do login, which lands in the region of the whole name's profile, and whoami."""
        assert "us-west-2" in ready.run("login", "de", "--print").stdout
        found = json.loads(ready.run("whoami", "de", "--json").stdout)
        assert (found["profile"], found["account"]) == ("dev", "222222222222")

    def test_an_exact_name_counts_before_a_longer_one(self, ready):
        """prod is prod, although prod-old starts so."""
        assert json.loads(ready.run("explain", "prod", "--json").stdout)["profile"] == "prod"

    def test_several_that_start_so(self, ready):
        """None is picked; they are listed."""
        for command in (["explain", "pro"], ["exec", "pro", "--", "true"], ["login", "pro", "--print"]):
            failed(
                ready.run(*command),
                5,
                "and 2 start with it: prod, prod-old",
                "type more",
            )

    def test_an_entry_of_the_vault_counts_before_a_longer_profile(self, home):
        """A key stored as `de` is meant by `de`, not the profile dev."""
        home.scenario()
        home.make_vault("de")
        done = home.run("exec", "de", "--", "sh", "-c", 'printf %s "$AWSVAULT_PROFILE"')
        assert (done.returncode, done.stdout) == (0, "de"), done.stderr

    def test_a_misspelt_name(self, ready):
        """Nothing starts so: the nearest is named, whatever the command."""
        for command in (
            ["explain", "dve"],
            ["exec", "dve", "--", "true"],
            ["export", "dve"],
            ["login", "dve", "--print"],
        ):
            failed(ready.run(*command), 5, "no profile 'dve'", "did you mean dev?")

    def test_locked_with_the_start_of_a_name(self, ready):
        """The name is known, so it is the lock that is said."""
        failed(ready.run("exec", "de", "--", "true", AWSVAULT_PASSPHRASE=None), 3, "locked")
        failed(ready.run("exec", "dve", "--", "true", AWSVAULT_PASSPHRASE=None), 5, "no profile 'dve'")
