"""``exec`` on a real terminal: Ctrl-C, Ctrl-Z, shells, what is said there, and the guard rails that ask."""

import os
import re
import sys
import time

import pexpect
import pytest

from tests.home import COMMAND, SCENARIO, failed
from tests.patience import PATIENCE
from tests.unit.agent.at_home import until

pytestmark = pytest.mark.usefixtures("unmeasured")

WAYS = pytest.mark.parametrize("way", ["", "--server"], ids=["plain", "server"])


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


class Shell:
    """An interactive bash with job control on a terminal of its own."""

    def __init__(self, home, **env):
        merged = home.with_env({"PS1": "READY> ", "TERM": "xterm", "AWSVAULT_PROMPT": "tty", **env})
        self.child = pexpect.spawn(
            "bash",
            ["--norc", "--noprofile", "-i"],
            env=merged,
            timeout=PATIENCE,
            encoding="utf-8",
            dimensions=(40, 200),
        )
        self.child.expect("READY> ")
        self.run("stty -echo; bind 'set enable-bracketed-paste off' 2>/dev/null; echo set")

    def run(self, line, *, until="READY> "):
        self.child.sendline(line)
        self.child.expect(until)
        return self.child.before

    def close(self):
        self.child.close(force=True)


@pytest.fixture
def shell(ready):
    made = []

    def start(**env):
        made.append(Shell(ready, **env))
        return made[-1]

    yield start
    for each in made:
        each.close()


@WAYS
def test_ctrl_c_ends_the_command_and_gives_130(shell, way):
    """The terminal's SIGINT ends the command once, the shell is back and sees 130."""
    sh = shell()
    script = "import signal, time; signal.signal(2, signal.SIG_DFL); print('up', flush=True); time.sleep(60)"
    sh.run(f'{COMMAND} exec {way} dev -- {sys.executable} -c "{script}"', until="up")
    sh.child.sendintr()
    sh.child.expect("READY> ")
    assert "130" in sh.run("echo code=$?")


@WAYS
def test_ctrl_c_is_the_commands_to_handle(shell, way):
    """A command that goes on after Ctrl-C goes on, and its own exit code counts: it sees one SIGINT, not two."""
    sh = shell()
    script = (
        "import signal, sys, time; n = []; signal.signal(2, lambda *_: n.append(1)); print('up', flush=True); "
        "[n or time.sleep(0.1) for _ in range(900)]; time.sleep(1); print('seen', len(n), flush=True); sys.exit(9)"
    )
    sh.run(f'{COMMAND} exec {way} dev -- {sys.executable} -c "{script}"', until="up")
    sh.child.sendintr()
    sh.child.expect(r"seen (\d)")
    assert sh.child.match.group(1) == "1"
    sh.child.expect("READY> ")
    assert "code=9" in sh.run("echo code=$?")


@WAYS
def test_ctrl_z_stops_the_job_and_fg_goes_on(shell, way):
    """Ctrl-Z gives the terminal back to the shell, fg gives it to the command again, which reads its line."""
    sh = shell()
    sh.run(f"{COMMAND} exec {way} dev -- sh -c 'echo up; read line; echo got=$line'", until="up")
    time.sleep(0.3)  # a shell between two commands leaves a signal to the next
    sh.child.sendcontrol("z")
    sh.child.expect("Stopped")
    sh.child.expect("READY> ")
    assert "Stopped" in sh.run("jobs")
    sh.child.sendline("fg")
    sh.child.sendline("hello")
    sh.child.expect("got=hello")
    sh.child.expect("READY> ")
    assert "code=0" in sh.run("echo code=$?")


@WAYS
def test_in_the_background_of_a_terminal(shell, way):
    """`&` and `wait`: the job runs without the terminal and its exit code is had."""
    sh = shell()
    sh.run(f"{COMMAND} exec {way} dev -- sh -c 'sleep 0.2; exit 5' &")
    assert "code=5" in sh.run("wait $!; echo code=$?")


@WAYS
def test_a_shell_says_where_one_is_and_is_left_by_exit(shell, way):
    """Without a command the user's own shell runs: it is told, it has the variables, and job control works in it."""
    sh = shell(SHELL="/bin/bash")
    sh.child.sendline(f"{COMMAND} exec {way} dev")
    sh.child.expect(
        r"shell with the credentials of dev \(arn:aws:iam::222222222222:role/DeveloperRole\), (until|refreshed)[^\r]*"
    )
    sh.child.sendline("echo in=$AWSVAULT_PROFILE=$AWS_VAULT")
    sh.child.expect("in=dev=dev")
    sh.child.sendline("echo be''gun; sleep 50")
    sh.child.expect("begun")
    time.sleep(0.5)  # the shell gives the terminal to sleep only now
    sh.child.sendintr()
    sh.child.sendline("echo code=$?")
    sh.child.expect("code=130")
    sh.child.sendline("exit 4")
    sh.child.expect("READY> ")
    assert "code=4" in sh.run("echo code=$?")


def test_an_inner_profile_is_said(shell):
    """exec within exec: both names, on stderr."""
    sh = shell()
    said = sh.run(f"AWSVAULT_PROFILE=prod {COMMAND} exec dev -- echo done 2>&1 >/dev/null")
    assert "already has the credentials of prod" in said
    assert "uses dev" in said
    assert "already" not in sh.run(f"AWSVAULT_PROFILE=prod {COMMAND} exec dev -- true 2>&1 >/dev/null | cat")


def test_production_is_red(shell, ready):
    """awsvault_environment = production: a banner in red on a terminal, plain under NO_COLOR, none in a pipe."""
    ready.config(SCENARIO.replace("[profile prod]\n", "[profile prod]\nawsvault_environment = production\n"))
    sh = shell()
    red = sh.run(f"{COMMAND} exec prod -- true")
    assert re.search(r"\x1b\[[^m]*41m[^\r]*PRODUCTION  prod", red)
    plain = sh.run(f"NO_COLOR=1 {COMMAND} exec prod -- true")
    assert "PRODUCTION  prod" in plain
    assert "\x1b[" not in plain.replace("\x1b[?2004l", "").replace("\x1b[?2004h", "")
    assert "PRODUCTION" not in sh.run(f"{COMMAND} exec prod -- true 2>&1 | cat")
    assert "PRODUCTION" not in sh.run(f"{COMMAND} exec dev -- true")


# ── awsvault_confirm ────────────────────────────────────────────────────────────────────────────


def guarded(home, word):
    home.config(SCENARIO.replace("[profile prod]\n", f"[profile prod]\nawsvault_confirm = {word}\n"))


def test_a_yes_runs_the_command_and_a_no_does_not(shell, ready, aws):
    """The question names profile, role and region; nothing is asked of AWS before the yes; a no is exit 10."""
    guarded(ready, "always")
    sh = shell()
    sh.child.sendline(f"{COMMAND} exec prod -- echo ran")
    sh.child.expect(
        r"Use profile prod \(arn:aws:iam::333333333333:role/ReadOnlyRole, in eu-west-1\)\? \[y/N\]"
    )
    assert aws.calls.actions() == []
    sh.child.sendline("")
    sh.child.expect("READY> ")
    assert "\nran" not in sh.child.before
    assert "code=10" in sh.run("echo code=$?")
    assert aws.calls.actions() == []
    sh.child.sendline(f"{COMMAND} exec prod -- echo ran")
    sh.child.expect(r"\[y/N\]")
    sh.child.sendline("y")
    sh.child.expect("\nran")


def test_an_export_by_a_user_is_confirmed_too(shell, ready):
    """export to a terminal, or in a form that no SDK takes: a user is there and is asked."""
    guarded(ready, "always")
    sh = shell()
    for line in (f"{COMMAND} export prod", f"{COMMAND} export prod --format env | cat"):
        sh.child.sendline(line)
        sh.child.expect(r"\[y/N\]")
        sh.child.sendline("y")
        sh.child.expect("ASIA")
        sh.child.expect("READY> ")


@pytest.mark.parametrize("word", ["always", "session"])
def test_an_sdk_is_refused_at_once(ready, aws, word):
    """export for an SDK: exit 10 and a hint within two seconds, though a terminal is there to ask on."""
    guarded(ready, word)
    child = pexpect.spawn(
        "sh", ["-c", f"{COMMAND} export prod | cat; true"], env=ready.with_env({"AWSVAULT_PROMPT": "auto"}), timeout=PATIENCE,
        encoding="utf-8",
    )  # fmt: skip
    child.expect(pexpect.EOF)
    assert "[y/N]" not in child.before
    assert "awsvault_confirm" in child.before
    failed(ready.run("export", "prod"), 10, "prod", "awsvault_confirm", "awsvault-py exec prod")
    failed(ready.run("exec", "prod", "--", "true"), 10, "prod")
    assert aws.calls.actions() == []


def test_pinentry_asks_where_there_is_no_terminal(ready):
    """AWSVAULT_PROMPT=pinentry: a window's yes is a yes, its no is exit 10."""
    guarded(ready, "always")
    program = ready.file("window")
    for answer, code in (("OK", 0), ("ERR 83886194 no", 10)):
        with open(program, "w", opener=lambda path, flags: os.open(path, flags, 0o700)) as file:
            file.write(
                "#!/bin/sh\necho OK hello\nwhile read word rest; do\n"
                f'  if [ "$word" = CONFIRM ]; then echo "{answer}"; else echo OK; fi\ndone\n'
            )
        ready.settings(f'pinentry = "{program}"\n')
        done = ready.run("exec", "prod", "--", "echo", "ran", AWSVAULT_PROMPT="pinentry")
        assert (done.returncode, done.stdout) == (code, "ran\n" if code == 0 else "")


def test_session_is_asked_once_until_the_agent_locks(shell, ready):
    """With an agent one yes holds for exec and for SDKs, until `lock`; the warm ways never answer by themselves."""
    guarded(ready, "session")
    sh = shell(AWSVAULT_AGENT="auto", AWSVAULT_PASSPHRASE=None)
    try:
        sh.child.sendline(f"{COMMAND} exec prod -- echo ran")
        sh.child.expect("Passphrase")
        sh.child.sendline("correct horse battery staple")
        sh.child.expect(r"\[y/N\]")
        sh.child.sendline("y")
        sh.child.expect("\nran")
        sh.child.expect("READY> ")
        open_env = {"AWSVAULT_AGENT": "auto", "AWSVAULT_PASSPHRASE": None}
        # The agent starts beside the command.
        until(lambda: ready.run("exec", "prod", "--", "true", **open_env).returncode == 0)
        assert ready.export("prod", **open_env)["AccountId"] == "333333333333"
        assert ready.export("prod", **open_env)["AccountId"] == "333333333333"
        assert ready.run("lock", **open_env).returncode == 0
        assert (
            ready.run("unlock", AWSVAULT_AGENT="auto").returncode == 0
        )  # by the passphrase of the environment
        failed(
            ready.run("export", "prod", **open_env), 10, "awsvault_confirm = session"
        )  # the yes went with the lock
    finally:
        ready.run("lock", AWSVAULT_AGENT="auto")
