"""``--source PROFILE ROLE-ARN`` of exec, export and login: a role without a profile, as any role session."""

from __future__ import annotations

import json
import shlex
import sys

import pytest

from tests.fakes.example import DEVELOPER, KEY_ID, role
from tests.home import COMMAND, SCENARIO, failed
from tests.unit.benches import Window
from vault.credentials import planned, refreshing
from vault.credentials.request import Request

pytestmark = pytest.mark.usefixtures("unmeasured")

OPEN = role("OpenRole")  # no profile has it
SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
SOURCE = ("--source", "shared-services")
WAYS = pytest.mark.parametrize(
    "way",
    [["exec", "--", "true"], ["exec", "--server", "--", "true"], ["export"], ["login", "--print"]],
    ids=["exec", "server", "export", "login"],
)


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    home.settle()
    return home


def run(home, way, *words, **env):
    """The command of ``way`` with the words before ``--``."""
    at = way.index("--") if "--" in way else len(way)
    return home.run(*way[:at], *words, *way[at:], **env)


def rails(home, lines, arn=OPEN):
    home.config(f"{SCENARIO}[profile guarded]\nrole_arn = {arn}\nsource_profile = shared-services\n{lines}\n")
    home.settle()


@WAYS
def test_the_role_is_assumed_with_the_sources_session(ready, aws, way):
    """The MFA session of the source, then the role."""
    done = run(ready, way, *SOURCE, OPEN)
    assert done.returncode == 0, done.stderr
    assert aws.calls.actions()[:2] == ["GetSessionToken", "AssumeRole"]
    assert aws.calls.of("AssumeRole")[0].parameters["RoleArn"] == OPEN


def test_the_child_is_the_role(ready):
    """Its name for prompts is the ARN; its region is the source's."""
    done = ready.run("exec", *SOURCE, OPEN, "--", sys.executable, "-c", SHOW)
    assert (done.returncode, done.stderr) == (0, "")
    env = json.loads(done.stdout)
    assert (env["AWSVAULT_PROFILE"], env["AWS_REGION"]) == (OPEN, "us-east-1")
    assert env["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert "AWS_PROFILE" not in env


def test_it_is_cached_as_any_role_session(ready, aws):
    """The second time nothing is called, and the MFA session is that of the profiles."""
    ready.export("dev")
    first = ready.export(OPEN, *SOURCE)
    assert ready.export(OPEN, *SOURCE) == first
    assert ready.run("exec", *SOURCE, OPEN, "--", "true").returncode == 0
    assert aws.calls.actions() == ["GetSessionToken", "AssumeRole", "AssumeRole"]


def test_the_answer_is_not_remembered_for_the_arn(desk):
    """Otherwise an export of the ARN without --source, or with another one, would get this session."""
    assert desk.ask("dev").remember is not None
    issued = desk.ask(OPEN, source="shared-services")
    assert issued.digest is not None
    assert issued.remember is None


def test_the_log_records_the_arn(ready):
    """As the role, and where the profile would be."""
    ready.export(OPEN, *SOURCE)
    (record,) = json.loads(ready.run("log", "--json").stdout)["records"]
    assert (record["profile"], record["role"]) == (OPEN, OPEN)


def test_a_start_of_the_sources_name_is_enough_for_exec(ready):
    """As of PROFILE, and as there not for export."""
    assert ready.run("exec", "--source", "sha", OPEN, "--", "true").returncode == 0
    failed(ready.run("export", "--source", "sha", OPEN), 5, "--source", "'sha'")


def test_a_source_may_have_a_role_itself(ready, aws):
    """A chain of two roles, of which AWS decides whether the first may assume the second."""
    with open(ready.config_path, "a", encoding="utf-8") as file:
        file.write(
            f"[profile hop]\nawsvault_role_arn = {role('Hop1')}\nawsvault_source_profile = shared-services\n"
        )
    assert ready.export(role("Hop2"), "--source", "hop")
    assert [call.parameters["RoleArn"] for call in aws.calls.of("AssumeRole")] == [role("Hop1"), role("Hop2")]


@WAYS
def test_an_arn_without_a_source_is_a_usage_error(ready, aws, way):
    """The hint has the whole command, and a profile with this role if there is one."""
    hint = f"awsvault-py {' '.join(way[: way.index('--')] if '--' in way else way[:1])} --source PROFILE"
    failed(run(ready, way, OPEN), 2, f"{hint} {OPEN}")
    failed(run(ready, way, DEVELOPER), 2, "or use profile dev")
    failed(
        run(ready, way, "arn:aws:iam::111111111111:user/yourself"),
        2,
        "neither a profile nor the ARN of a role",
    )
    assert len(aws.calls) == 0


@pytest.mark.parametrize("way", [["exec", "--", "true"], ["login", "--print"]], ids=["exec", "login"])
def test_a_source_without_an_arn_is_a_usage_error(ready, aws, way):
    """No list of profiles to choose from either."""
    failed(run(ready, way, *SOURCE), 2, "--source needs the ARN of a role")
    assert len(aws.calls) == 0


@WAYS
@pytest.mark.parametrize(
    "name",
    [
        "dev",
        "arn:aws:iam::111111111111:user/yourself",
        "arn:aws:sts::222222222222:assumed-role/OpenRole/me",
        "arn:aws:iam::222222222222:role/",
        "arn:aws:iam::222222222222:role/\x1b[31m",
    ],
)
def test_what_is_not_the_arn_of_a_role_is_refused(ready, aws, way, name):
    """Before anything is called; nothing raw is shown."""
    done = run(ready, way, *SOURCE, name)
    failed(done, 2, "--source", "arn:aws:iam::ACCOUNT:role/NAME")
    assert "\x1b" not in done.stderr
    assert len(aws.calls) == 0


def test_profile_env_takes_a_profile_only(ready):
    """AWS_PROFILE cannot name a role."""
    failed(ready.run("exec", "--profile-env", *SOURCE, OPEN, "--", "true"), 2, "--profile-env and --source")


def test_aws_refuses_and_the_message_names_the_role(ready):
    """Its hint names a command that exists: explain of the source."""
    done = ready.run("export", *SOURCE, role("ClosedRole"))
    failed(done, 7, f"role {role('ClosedRole')}")
    assert "explain arn:" not in done.stderr


# ── the guard rails of profiles with the role ────────────────────────────────────────────────


@WAYS
def test_confirm_is_asked_for(ready, aws, way):
    """Nobody can be asked here, so nothing is issued. The hint repeats the ARN and its source."""
    rails(ready, "awsvault_confirm = always")
    done = run(ready, way, *SOURCE, OPEN)
    failed(done, 10, "confirmation", f"role {OPEN}")
    if way == ["export"]:
        line = done.stderr.partition("run the command as: ")[2].replace("COMMAND", "true").strip()
        words = shlex.split(line)[1:]
        assert words[:3] == ["exec", "--source=shared-services", OPEN]
        failed(ready.run(*words), 10, "confirmation")
    assert "AssumeRole" not in aws.calls.actions()


def test_the_question_names_the_role_and_the_source(ready):
    """The ARN once, and whose key assumes it."""
    rails(ready, "awsvault_confirm = always")
    window = Window(ready)
    ready.run("exec", *SOURCE, OPEN, "--", "true")
    (question,) = window.heard("SETDESC")
    assert f"Use role {OPEN} (with profile shared-services, in us-east-1)?" in question


def test_read_only_narrows_it(ready, aws):
    """And --write lifts that, as for a profile."""
    rails(ready, "awsvault_read_only = on")
    narrowed = ready.export(OPEN, *SOURCE)
    assert "PolicyArns.member.1.arn" in aws.calls.of("AssumeRole")[0].parameters
    assert ready.run("exec", "--write", *SOURCE, OPEN, "--", "true").returncode == 0
    assert "PolicyArns.member.1.arn" not in aws.calls.of("AssumeRole")[1].parameters
    assert ready.export(OPEN, *SOURCE) == narrowed


def test_max_duration_limits_it(ready, aws):
    """--duration too."""
    rails(ready, "awsvault_max_duration = 20m")
    ready.export(OPEN, *SOURCE, "--duration", "1h")
    assert aws.calls.of("AssumeRole")[0].parameters["DurationSeconds"] == "1200"


def test_the_rails_of_the_source_apply(ready):
    """They are those of its key."""
    ready.config(
        SCENARIO.replace(
            "[profile shared-services]\n", "[profile shared-services]\nawsvault_confirm = always\n"
        )
    )
    failed(ready.run("export", *SOURCE, OPEN), 10, "confirmation")


# ── other places ─────────────────────────────────────────────────────────────────────────────


def test_a_credential_process_with_a_source_is_an_error_with_the_keys_to_set(ready):
    """awsvault-py reads a profile's role from its keys. SDKs can still run the command."""
    with open(ready.config_path, "a", encoding="utf-8") as file:
        file.write(f"[profile odd]\ncredential_process = {COMMAND} export --source shared-services {OPEN}\n")
    failed(ready.run("export", "odd"), 6, "awsvault_role_arn and awsvault_source_profile")


def test_the_source_is_not_the_key(ready):
    """What is issued is a session of the role."""
    assert ready.export(OPEN, *SOURCE)["AccessKeyId"] != KEY_ID
    assert ready.export(OPEN, *SOURCE)["AccountId"] == "222222222222"


def test_a_server_refreshes_it(desk):
    """By the exact name of the source, whatever the user typed, and by the same chain."""
    asked = Request(OPEN, source="sha", start=True)
    issued = desk.ask(OPEN, source="sha", start=True)
    later = refreshing.later(asked, issued)
    assert (later.profile, later.source, later.start) == (OPEN, "shared-services", False)
    context = desk.context()
    again = refreshing.again(
        context,
        later,
        planned.load(context),
        main=desk.k_main,
        chain=refreshing.digest_of(issued.chain),
        program="x",
    )
    assert again.chain == issued.chain
