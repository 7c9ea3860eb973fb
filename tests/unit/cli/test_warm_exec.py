"""exec through the agent: the same environment, banners and log as on the full path, without loading what that needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from tests.home import SCENARIO, failed
from tests.patience import PATIENCE
from tests.terminal_user import Terminal
from tests.unit.agent.at_home import reach, running, stop, told, until
from vault.agent.protocol import BadFrame, Export, exec_kind, frame, parse
from vault.aws import credential_json
from vault.aws.credentials import Credentials
from vault.cli.warm_exec import kind
from vault.credentials.profile_metadata import ProfileMetadata, decode, fields_of
from vault.secret import Secret

SHOW = "import json, os, sys; print(json.dumps([dict(os.environ), sys.argv[1:]]))"
RUNS = (sys.executable, "-c", SHOW)


pytestmark = pytest.mark.usefixtures("unmeasured")  # what is loaded is counted here


@pytest.fixture
def home(tmp_path_factory, aws, either):
    with running(tmp_path_factory.mktemp("h"), aws) as made:
        yield either(made)


def run(home, *arguments, **env):
    done = home.run("exec", *arguments, **env)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def loaded(home, *arguments):
    """The modules that an exec had loaded when the command replaced it."""
    words = [sys.executable, "-v", "-m", "vault", "exec", *arguments]
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    done = subprocess.run(words, env=home.env, cwd=root, capture_output=True, timeout=PATIENCE, check=True)
    return {line.split(b"'")[1].decode() for line in done.stderr.splitlines() if line.startswith(b"import '")}


@pytest.mark.parametrize("dashes", [["--"], []])
def test_a_second_exec_gets_the_same_environment_warm(home, aws, dashes):
    """Every variable and argument is the same; click, AWS's files and STS are not used."""
    first = run(home, "dev", *dashes, *RUNS, "a b", "-x", AWS_PROFILE="other", AWSVAULT_PASSPHRASE_FD="9")
    calls = len(aws.calls)
    assert (
        run(home, "dev", *dashes, *RUNS, "a b", "-x", AWS_PROFILE="other", AWSVAULT_PASSPHRASE_FD="9")
        == first
    )
    assert first[1] == ["a b", "-x"]
    assert first[0]["AWS_REGION"] == first[0]["AWSVAULT_OUTER_REGION"] == "us-west-2"
    assert "AWSVAULT_PASSPHRASE_FD" not in first[0]
    assert len(aws.calls) == calls
    modules = loaded(home, "dev", *dashes, "true")
    assert "vault.cli.warm_exec" in modules
    assert not modules & {
        "click",
        "typing",
        "signal",
        "vault.profiles.aws_files",
        "vault.credentials.access",
        "cryptography",
    }


@pytest.mark.usefixtures("started")
def test_a_warm_exec_is_logged_with_its_program(home):
    """The agent logs it, with the caller; the role is known from the record of the session."""
    run(home, "dev", "--", *RUNS)
    run(home, "dev", "--", *RUNS)
    failed(home.run("exec", "dev", "--", "/there/is/none"), 127, "/there/is/none")
    records = json.loads(home.run("log", "--json").stdout)["records"]
    shown = [(r["use"], r["profile"], r["from"], r["program"], r["pid"]) for r in records]
    python = os.path.basename(sys.executable)
    assert shown == [
        ("exec", "dev", "sts", python, os.getpid()),
        ("exec", "dev", "cache", python, os.getpid()),
        ("exec", "dev", "cache", "none", os.getpid()),
    ]
    assert records[2]["role"] == "arn:aws:iam::222222222222:role/DeveloperRole"


def test_an_export_prints_one_line_of_a_session_kept_for_exec(home):
    """The part for a command is not sent to an SDK."""
    run(home, "dev", "--", *RUNS)
    done = home.run("export", "dev")
    assert done.stdout.count("\n") == 1
    assert json.loads(done.stdout)["AccountId"] == "222222222222"


def test_a_session_without_profile_metadata_takes_the_full_path(home):
    """An export that found it on disk does not know its region. The next exec is warm again."""
    first = run(home, "dev", "--", *RUNS)
    agent = reach(home)
    agent.ask("DROP_SESSIONS", profile="dev")
    agent.close()
    home.export("dev")
    assert run(home, "dev", "--", *RUNS) == first
    assert "vault.profiles.aws_files" not in loaded(home, "dev", "--", "true")


@pytest.mark.parametrize(
    "words",
    [("--fresh", "dev", "--", "true"), ("dev", "--fresh", "--", "true"), ("dev", "true", "--", "x"), ("dev", "--"),
     ("dev", "--", ""), ("--", "true"), ("-x", "--", "true"), ("dev",), ("de", "--", "true"), ("dev", "-x", "true")],
)  # fmt: skip
def test_other_command_lines_take_the_full_path(home, monkeypatch, words):
    """Options, the start of a name, a shell, mistakes: the warm path answers none of them."""
    from vault.cli import warm_exec

    run(home, "dev", "--", *RUNS)
    monkeypatch.setattr(os, "environ", home.env)
    monkeypatch.setattr(
        "vault.system.exec_program.replace_process", lambda *_, **__: pytest.fail("answered by the warm path")
    )
    assert warm_exec.run(["exec", *words]) is None


def test_guard_rails_apply(home):
    """A profile with a confirmation is never answered warm, and a locked vault issues nothing."""
    home.config(
        SCENARIO + "[profile asks]\nawsvault_credential = shared-services\nawsvault_confirm = always\n"
    )
    for _ in range(2):
        failed(home.run("exec", "asks", "--", "true"), 10)
    run(home, "dev", "--", *RUNS)
    assert home.run("lock").returncode == 0
    failed(home.run("exec", "dev", "--", "true"), 3)


def test_a_configuration_change_is_noticed_at_once(home):
    """Another region, role or file gives another fingerprint."""
    run(home, "dev", "--", *RUNS)
    home.config(SCENARIO.replace("us-west-2", "eu-central-1"))
    assert run(home, "dev", "--", *RUNS)[0]["AWS_REGION"] == "eu-central-1"
    assert run(home, "dev", "--", *RUNS, AWS_REGION="eu-west-3")[0]["AWS_REGION"] == "eu-west-3"


def test_the_banner_and_the_note_about_an_outer_exec_are_printed(home):
    """On a terminal both paths print them; in a pipe neither does."""
    text = (
        SCENARIO
        + "[profile live]\nregion = us-east-1\nawsvault_role_arn = arn:aws:iam::222222222222:role/DeveloperRole\n"
    )
    home.config(text + "awsvault_source_profile = shared-services\nawsvault_environment = prod\n")
    said = []
    assert home.run("whoami", "live").returncode == 0  # a code may have to be waited for, once
    agent = reach(home)
    assert agent.ask("DROP_SESSIONS", profile="live")["ok"]
    agent.close()
    for _ in range(2):
        person = Terminal(home, "exec", "live", "--", "sh", "-c", "echo there", AWSVAULT_PROFILE="dev")
        assert person.ends() == 0
        said.append(person.shown)
    assert said[0] == said[1]
    assert "PRODUCTION  live" in said[0]
    assert "credentials of dev; this command uses live" in said[0]
    assert home.run("exec", "live", "--", "true", AWSVAULT_PROFILE="dev").stderr == ""


def test_the_command_has_no_child_that_it_did_not_start(home, aws):
    """The command does not wait for what refreshes a session beside an exec, or starts an agent."""
    run(home, "dev", "--", *RUNS)
    waits = "import os, time; time.sleep(1)\ntry: print(os.waitpid(-1, os.WNOHANG))\nexcept ChildProcessError: print('none')"
    agent = reach(home)
    found = json.loads(home.run("export", "dev").stdout)
    from vault.system.paths import fingerprint, from_env

    now = int(time.time())
    terms = ProfileMetadata("dev", "us-west-2", True, "", False).encode()
    body = json.dumps(found).encode() + b"\n" + terms
    given = fingerprint(home.env, paths=from_env(home.env))
    assert agent.put_session("dev", given, body, issued=now - 3600 + 960 + 449, expires=now + 960 + 449)
    agent.close()
    due = {s["profile"]: s["expires"] for s in told(home)["sessions"]}["dev"]
    assert home.run("exec", "dev", "--", sys.executable, "-c", waits).stdout == "none\n"
    until(
        lambda: {s["profile"]: s["expires"] for s in told(home)["sessions"]}["dev"] > due
    )  # and it was refreshed


def test_an_exec_that_starts_an_agent_leaves_no_child_to_the_command(home):
    """A passphrase command opens the vault, and an agent starts beside the command."""
    stop(home)
    waits = "import os, time; time.sleep(2)\ntry: print(os.waitpid(-1, os.WNOHANG))\nexcept ChildProcessError: print('none')"
    env = {"AWSVAULT_PASSPHRASE_COMMAND": "echo correct horse battery staple"}
    assert home.run("exec", "dev", "--", sys.executable, "-c", waits, **env).stdout == "none\n"
    until(lambda: told(home))


def test_the_request_to_the_agent():
    """A request is read as it was written; a name that is too long is cut, and frames of another protocol are refused."""
    key = b"dev\0finger\0print"
    for program in (b"ls", b"x" * 64, b"x" * 300, b"\0"):
        assert parse(exec_kind(program) + key) == Export(key, program[:64])
    assert frame(exec_kind(b"ls") + key)[4:5] == b"X"
    for bad in (
        b"X",
        b"X\0" + key,
        b"X\x41" + b"x" * 65 + key,
        b"X\x40" + b"x" * 9,
        b"X\x02ls",
        b"X\x02lsdev",
    ):
        with pytest.raises(BadFrame):
            parse(bad)


@pytest.mark.parametrize(
    "line", [b"", b"dev", b"dev\tr\t1\t", b"dev\tr\t2x\t", b"a\tr\t10\t", b"dev\tr\t10\t\t", b"\xff"]
)
def test_foreign_metadata_is_ignored(line):
    """Whatever another program stored there counts as nothing."""
    assert decode(line, "dev") is None


def test_metadata_is_read_as_it_was_written():
    """Any name and region; if one contains the separator, nothing is kept and the full path is taken."""
    for profile, region in (("dev", "us-west-2"), ("\N{EURO SIGN} \udcff", "")):
        for own, production in ((True, False), (False, True)):
            terms = ProfileMetadata(profile, region, own, "arn", production)
            assert terms.encode().count(b"\n") == 1
            assert decode(terms.encode(), profile) == terms
    assert (
        ProfileMetadata("a\tb", "r", True, "", False).encode()
        == ProfileMetadata("a", "r\n", True, "", False).encode()
        == b""
    )


def test_an_answer_is_read_as_json_reads_it():
    """Or not at all: what is not exactly the program's own form is left to the full path."""
    for token, account in ((None, None), (Secret("a/b+c=="), "222222222222")):
        line = credential_json.encode(
            Credentials("ASIAX", Secret("s/+="), token), expires=1_800_000_000, account_id=account
        )
        assert fields_of(line) == credential_json.fields(line)
    whole = credential_json.encode(Credentials("ASIAX", Secret('a"b'), None))
    for other in (
        whole,
        b"",
        b"{}\n",
        b'{"Version": 1, "AccessKeyId": "x"}\n',
        b'{"Version": 2, "AccessKeyId": "x"}',
        line[:-9],
    ):
        assert fields_of(other) is None


@pytest.mark.parametrize("program", ["ls", "/usr/bin/ls", "x" * 300, "/", "\udcff"])
def test_the_start_of_the_request_matches_the_protocol(program):
    """Written without the protocol's module, which takes a tenth of the time."""
    assert kind(program) == exec_kind(os.fsencode(os.path.basename(program) or program))


def test_the_installed_command_is_warm_too(home):
    """Not only the module is."""
    run(home, "dev", "--", *RUNS)
    done = subprocess.run(
        [home.command, "exec", "dev", "--", "sh", "-c", "exit 7"], env=home.env, check=False, timeout=PATIENCE
    )
    assert done.returncode == 7
