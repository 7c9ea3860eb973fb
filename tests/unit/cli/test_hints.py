"""A hint can be copied and run: it has the names, quoted, and it fits the cause."""

from __future__ import annotations

import http.server
import json
import os
import shlex
import signal
import subprocess
import threading

import pytest

from tests.fakes.example import KEY_ID, SECRET, role
from tests.home import COMMAND, PASSPHRASE, SCENARIO, failed
from tests.patience import PATIENCE
from tests.unit.agent.at_home import pid_of, running, stop
from vault.text import command

WRONG = SECRET[:-7] + "WRONGED"


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


@pytest.fixture
def beside(tmp_path_factory, aws):
    """A home whose agent runs."""
    with running(tmp_path_factory.mktemp("h"), aws) as made:
        yield made


@pytest.mark.parametrize("name", ["dev", "my dev", "-dash", "it's", "$(x)", "--", "a\nb"])
def test_a_command_line_is_read_as_the_name_it_was_made_for(name):
    """By a shell; a name with a control character is shown, and cannot be meant."""
    words = shlex.split(command("exec --write", name))
    shown = name.replace("\n", "\\x0a")
    assert words == [
        "awsvault-py",
        "exec",
        "--write",
        f"--profile={shown}" if name.startswith("-") else shown,
    ]
    words = shlex.split(command("explain", name))
    assert words[2:] == (["--", shown] if name.startswith("-") else [shown])
    words = shlex.split(command("setup --sso", name))
    assert words[2:] == ([f"--sso={shown}"] if name.startswith("-") else ["--sso", shown])


@pytest.mark.parametrize("name", ["my dev", "-dash"])
def test_hints_name_a_profile_so_that_they_can_be_run(ready, name):
    """Of a confirmation, of a refusal, and of a key that is not there."""
    ready.config(
        SCENARIO + f'[profile "{name}"]\nawsvault_confirm = always\nawsvault_credential = shared-services\n'
    )
    done = ready.run("export", "--", name)
    failed(done, 10, f"run the command as: {command('exec', name)} -- COMMAND")
    ready.config(
        SCENARIO + f'[profile "{name}"]\nrole_arn = {role("ClosedRole")}\nsource_profile = shared-services\n'
    )
    failed(ready.run("export", "--", name), 7, f"run: {command('explain --live', name)}")
    assert ready.run("explain", *shlex.split(command("explain", name))[2:]).returncode == 0
    ready.config(f'[profile "{name}"]\nregion = x\n')
    failed(ready.run("export", "--", name), 6, f"run: {command('add', name)}")


def test_a_key_that_is_not_the_vaults_is_corrected_where_it_is(ready):
    """In AWS's file, with its line; in the environment, by its variables. No word of the vault."""
    ready.config(
        f"[profile k]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {WRONG}\n"
        f"[profile x]\nregion = us-east-1\nrole_arn = {role('OpenRole')}\nsource_profile = k\n"
        f"[profile e]\nregion = us-east-1\nrole_arn = {role('OpenRole')}\ncredential_source = Environment\n"
    )
    failed(ready.run("export", "x"), 7, "SignatureDoesNotMatch", "fix the key at", "config:2")
    env = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": WRONG}
    failed(ready.run("export", "e", **env), 7, "SignatureDoesNotMatch", "fix the key in the environment")
    env = {"AWS_ACCESS_KEY_ID": "AKIANOBODYNOBEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET}
    failed(ready.run("export", "e", **env), 7, "InvalidClientTokenId", "fix the key in the environment")
    failed(
        ready.run("whoami", **env), 7, "for the credentials in the environment", "correct AWS_ACCESS_KEY_ID"
    )


def test_whoami_in_an_exec_that_is_over(ready, aws):
    """Whose credentials they are, and that a new exec gives new ones: not a profile that is not meant."""
    done = ready.run("exec", "dev", "--", "env", "-0")
    inside = dict(line.split("=", 1) for line in done.stdout.split("\0") if "=" in line)
    aws.world.expire()
    done = subprocess.run([COMMAND, "whoami"], env=inside, capture_output=True, timeout=PATIENCE, check=False)
    said = done.stderr.decode()
    assert done.returncode == 7
    assert "the credentials in the environment (from exec dev): ExpiredToken" in said
    assert "leave this shell (exit), then run: awsvault-py exec dev" in said


def test_a_foreign_source_s_failure_names_the_profile(ready):
    """The line of the file alone does not tell whose it is."""
    ready.config(
        "[profile bad]\ncredential_process = /bin/false\n[profile x]\nrole_arn = arn:aws:iam::222222222222:role/OpenRole\nsource_profile = bad\n"
    )
    failed(
        ready.run("export", "x"),
        6,
        "profile x: ",
        "config:2: credential_process: /bin/false ended with exit code 1",
        "run the command yourself",
    )


def test_login_refused_at_the_sign_in_names_the_profile(ready, aws):
    """Not PROFILE; and the hint says what can sign in."""
    aws.faults.add("getSigninToken", "refuse", status=400, code="x", message="y")
    done = ready.run("login", "--print", "dev")
    assert done.returncode == 7, done.stderr
    assert "dev" in done.stderr
    assert "PROFILE" not in done.stderr
    assert "use a role or the user's key" in done.stderr


def test_a_browser_that_fails_leaves_a_line_that_can_be_run(ready):
    """With the profile."""
    done = ready.run("login", "--browser", "false", "dev")
    assert done.returncode != 0
    assert "awsvault-py login --print dev\n" in done.stderr


def test_a_mistake_in_an_option_leads_to_the_command_s_own_help(ready):
    """As click's own mistakes do."""
    failed(ready.run("export", "--duration", "10", "dev"), 2, "run: awsvault-py export --help")


def test_a_yes_that_nobody_would_remember_is_not_asked_for(beside):
    """awsvault_confirm = session: without an agent the hint begins with unlock; with the agent off, with the command itself."""
    beside.config(
        SCENARIO + "[profile s]\nawsvault_credential = shared-services\nawsvault_confirm = session\n"
    )
    failed(beside.run("export", "s"), 10, "for as long as the agent runs: awsvault-py exec s -- true")
    stop(beside)
    env = {"AWSVAULT_PASSPHRASE": PASSPHRASE}
    failed(beside.run("export", "s", **env), 10, "awsvault-py unlock; awsvault-py exec s -- true")
    failed(
        beside.run("export", "s", AWSVAULT_AGENT="off", **env),
        10,
        "the agent is off, so run the command as: awsvault-py exec s -- COMMAND",
    )


def test_a_stopped_agent_is_named_by_its_process(beside):
    """It answers nobody: an export says so, and status what ends it."""
    pid = pid_of(beside)
    os.kill(pid, signal.SIGSTOP)
    try:
        failed(beside.run("export", "dev"), 3, "agent (did not answer)")
        shown = beside.run("status").stderr
        assert f"the agent (process {pid}) does not answer. To end it: awsvault-py lock" in shown
        assert "No agent is running" in shown
    finally:
        os.kill(pid, signal.SIGCONT)


class Refusing(http.server.BaseHTTPRequestHandler):
    """What exec --server answers when it can refresh nothing."""

    def do_GET(self):
        body = json.dumps(
            {"code": "Locked", "message": "awsvault-py: the vault was locked manually"}
        ).encode()
        self.send_response(500)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_whoami_in_a_server_whose_vault_was_locked(ready):
    """What the server said is said on, and not that an instance lacks a role."""
    with http.server.HTTPServer(("127.0.0.1", 0), Refusing) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        try:
            env = {
                "AWSVAULT_PROFILE": "dev",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{served.server_port}/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "t",
            }
            done = ready.run("whoami", **env)
        finally:
            served.shutdown()
            thread.join()
    failed(
        done,
        8,
        "answered 500: awsvault-py: the vault was locked manually",
        "exec --server",
        "start that command again",
    )
    assert "attached" not in done.stderr
