"""``--region`` of exec, export and login: for the program that gets the session, and never for the session itself."""

from __future__ import annotations

import json
import os
import sys
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.home import COMMAND, SCENARIO, failed
from tests.unit.benches import Window

pytestmark = pytest.mark.usefixtures("unmeasured")

REGION = "ap-southeast-2"
SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
NO_REGION = SCENARIO.replace("region = us-west-2\n", "").replace("region = us-east-1\n", "")


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    home.settle()
    return home


def passphrase_for_children(home):
    """Children of exec have no way to the passphrase but this one."""
    secret = os.path.join(home.root, "passphrase")
    with open(secret, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(home.env["AWSVAULT_PASSPHRASE"])
    home.settings(f'passphrase_command = ["cat", "{secret}"]\n')
    home.settle()


def environment(done):
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


@pytest.mark.parametrize("way", [[], ["--server"], ["--profile-env"]], ids=["plain", "server", "profile-env"])
def test_a_command_has_the_region(ready, way):
    """It overrides the profile's region and that of the user's environment."""
    words = ("exec", *way, "--region", REGION, "dev", "--", sys.executable, "-c", SHOW)
    env = environment(ready.run(*words, AWS_REGION="eu-central-1"))
    assert (env["AWS_REGION"], env["AWS_DEFAULT_REGION"]) == (REGION, REGION)


@pytest.mark.parametrize("form", ["env", "dotenv", "fish", "powershell"])
def test_an_export_prints_the_region(ready, form):
    """In every format that has one."""
    done = ready.run("export", "dev", "--format", form, "--region", REGION)
    assert done.returncode == 0, done.stderr
    assert REGION in done.stdout
    assert "us-west-2" not in done.stdout


def test_the_json_of_an_export_stays_as_it_is(ready):
    """credential_process has no region."""
    assert REGION not in json.dumps(ready.export("dev", "--region", REGION))


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("config", [SCENARIO, NO_REGION], ids=["regions", "none"])
def test_sts_and_the_cache_know_nothing_of_it(ready, aws, config):
    """The sessions come from the regions of the profiles, and every further export is a cache hit."""
    ready.config(config)
    ready.settle()
    with_region = ready.export("dev", "--region", REGION)
    called = [(call.action, call.region) for call in aws.calls]
    assert [action for action, _ in called] == ["GetSessionToken", "AssumeRole"]
    assert REGION not in str(called)
    assert ready.export("dev") == with_region
    assert ready.export("dev", "--region", "eu-north-1") == with_region
    assert environment(ready.run("exec", "--region", REGION, "dev", "--", sys.executable, "-c", SHOW))
    assert len(aws.calls) == 2
    ready.export("dev", "--fresh-all")
    assert [(call.action, call.region) for call in aws.calls][2:] == called


@pytest.mark.parametrize("way", [[], ["--server"], ["--profile-env"]], ids=["plain", "server", "profile-env"])
def test_an_export_in_the_command_knows_nothing_of_it(ready, aws, way):
    """The region of --region is in its environment, but a profile without a region does not take it for the user's."""
    ready.config(NO_REGION)
    passphrase_for_children(ready)
    outside = ready.export("dev")
    done = ready.run("exec", *way, "--region", REGION, "dev", "--", COMMAND, "export", "dev")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == outside
    assert aws.calls.actions() == ["GetSessionToken", "AssumeRole"]


def test_the_console_opens_in_the_region(ready, aws):
    """The page, and not the role's session."""
    done = ready.run("login", "dev", "--print", "--service", "s3", "--region", REGION)
    assert done.returncode == 0, done.stderr
    (page,) = parse_qs(urlsplit(done.stdout.strip()).query)["Destination"]
    assert page == f"https://{REGION}.console.aws.amazon.com/s3/home?region={REGION}"
    assert REGION not in {call.region for call in aws.calls}


@pytest.mark.parametrize(
    "words", [["exec", "dev", "--", "true"], ["export", "dev"], ["login", "dev", "--print"]]
)
def test_a_region_of_another_partition_has_no_such_console(ready, aws, words):
    """Its sign-in does not know the session. exec and export hand it on: the region may be meant for a test server."""
    done = ready.run(words[0], "--region", "cn-north-1", *words[1:])
    if words[0] == "login":
        failed(done, 2, "cn-north-1", "aws-cn", "use a region in aws")
        assert len(aws.calls) == 0
    else:
        assert done.returncode == 0, done.stderr


def test_the_region_of_the_environment_says_whose_console_it_is(ready):
    """login --env has no role that says so."""
    env = dict.fromkeys(("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "x")
    env |= {"AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE", "AWS_REGION": "us-east-1"}
    failed(ready.run("login", "--env", "--print", "--region", "cn-north-1", **env), 2, "aws-cn")


@pytest.mark.parametrize(
    "command", [["exec", "dev", "--", "true"], ["export", "dev"], ["login", "dev", "--print"]]
)
@pytest.mark.parametrize("region", ["", "eu west", "-x", "x" * 64, "../a", "\x1b[31m"])
def test_what_is_no_region_is_refused(ready, aws, command, region):
    """As everywhere else; nothing is called, and nothing raw is shown."""
    done = ready.run(command[0], f"--region={region}", *command[1:])
    failed(done, 2, "--region", "us-east-1")
    assert "\x1b" not in done.stderr
    assert len(aws.calls) == 0


def test_capital_letters_are_no_mistake(ready):
    """A region becomes a part of a host name, where they do not matter."""
    assert (
        "AWS_REGION='eu-west-3'"
        in ready.run("export", "dev", "--format", "env", "--region", "EU-West-3").stdout
    )


def test_the_confirmation_names_the_region(desk, home):
    """The one that the command will have."""
    window = Window(home)
    home.config(SCENARIO.replace("[profile dev]\n", "[profile dev]\nawsvault_confirm = always\n"))
    assert desk.ask("dev", ask=True, region=REGION).line
    (question,) = window.heard("SETDESC")
    assert f"in {REGION}" in question
