"""prompt: what a shell shows of where it is, offline, and never a command of somebody's name."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pexpect
import pytest

from tests.patience import PATIENCE
from tests.unit.agent.at_home import stop, unlock, until
from vault.cli import prompt_line
from vault.shell.prompt_data import PromptGuardrails, ShellState
from vault.system.quick_read import read_quickly


@pytest.fixture
def home(home, either):
    """One front and then the other."""
    return either(home)


def soon(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def test_nothing_where_no_profile_is_chosen(home):
    """A shell without a profile has an empty prompt."""
    assert home.run("prompt").stdout == ""


def test_the_selected_profile(home):
    """AWS_PROFILE's name."""
    assert home.run("prompt", AWS_PROFILE="dev").stdout == "dev\n"


def test_inside_exec_the_time_left_is_shown(home):
    """exec's profile wins over AWS_PROFILE, and its end counts down."""
    env = {"AWSVAULT_PROFILE": "dev", "AWS_PROFILE": "other", "AWS_CREDENTIAL_EXPIRATION": soon(3_000)}
    assert home.run("prompt", **env).stdout.split() == ["dev", "49m"]


@pytest.mark.parametrize("shell", prompt_line.SHELLS)
def test_blank_after_expiry(home, shell):
    """A session that is over is no longer where one is."""
    env = {"AWSVAULT_PROFILE": "dev", "AWS_CREDENTIAL_EXPIRATION": soon(-5)}
    assert home.run("prompt", f"--for={shell}", **env).stdout == ""


def test_production_is_loud(home):
    """awsvault_environment = production is in capitals, and red where the shell is named."""
    home.config("[profile dev]\nregion = x\n[profile live]\nregion = x\nawsvault_environment = production\n")
    assert home.run("prompt", AWS_PROFILE="live").stdout == "live PRODUCTION\n"
    assert (
        home.run("prompt", "--for=tmux", AWS_PROFILE="live").stdout == "#[fg=red]live PRODUCTION#[default]\n"
    )
    assert "red" in home.run("prompt", "--for", "zsh", AWS_PROFILE="live").stdout
    assert home.run("prompt", "--for=tmux", AWS_PROFILE="live", NO_COLOR="1").stdout == "live PRODUCTION\n"
    assert home.run("prompt", "--for=tmux", AWS_PROFILE="dev").stdout == "dev\n"
    home.config(
        "  [profile live]\n  region = x\n  awsvault_environment = production\n"
    )  # indented throughout
    assert home.run("prompt", AWS_PROFILE="live").stdout == "live PRODUCTION\n"


RAILS = """\
[profile asked]
awsvault_confirm = session
[profile looked]
awsvault_read_only = true
[profile both]
awsvault_read_only = true
awsvault_environment = prod
[profile plain]
awsvault_confirm = never
awsvault_read_only = false
[profile included]
include_profile = both
"""


@pytest.mark.parametrize(
    ("profile", "colour"),
    [("asked", "yellow"), ("looked", "green"), ("both", "red"), ("plain", None), ("included", "red")],
)
def test_the_colour_is_the_guard_rails(home, profile, colour):
    """Red, yellow, green: what a wrong command could do here is seen before it is typed."""
    home.config(RAILS)
    shown = home.run("prompt", "--for=tmux", "--format={profile}", AWS_PROFILE=profile).stdout
    assert shown == (f"#[fg={colour}]{profile}#[default]\n" if colour else f"{profile}\n")
    for shell in ("bash", "fish", "starship"):
        ansi = home.run("prompt", f"--for={shell}", "--format={profile}", AWS_PROFILE=profile).stdout
        assert ("\x1b[" in ansi) == (colour is not None)


def test_the_last_minutes_are_yellow(home):
    """Where no rail has a colour, the end of the session does."""
    env = {"AWSVAULT_PROFILE": "dev", "AWS_CREDENTIAL_EXPIRATION": soon(100)}
    assert home.run("prompt", "--for=tmux", **env).stdout.startswith("#[fg=yellow]dev 1m")


def test_the_end_may_have_another_form(home):
    """A user put another tool's credentials into the shell of an exec."""
    for zone in ("+00:00", " UTC"):
        env = {"AWSVAULT_PROFILE": "dev", "AWS_CREDENTIAL_EXPIRATION": soon(7_300).replace("Z", zone)}
        assert home.run("prompt", "--format=[{profile}|{left}]", **env).stdout == "[dev| 2h01m]\n"


def test_a_form_of_ones_own(home):
    """--format puts the parts where the user wants them."""
    env = {"AWSVAULT_PROFILE": "dev", "AWS_CREDENTIAL_EXPIRATION": soon(7_300)}
    assert home.run("prompt", "--format=[{profile}|{left}]", **env).stdout == "[dev| 2h01m]\n"


@pytest.mark.parametrize("shell", prompt_line.SHELLS)
@pytest.mark.parametrize(
    "name", ["$(id)", "`id`", "\\$(id)", "!!", "%F{red}", "#(id)", "\x1b[31m", "a\nb", "\u202ex"]
)
def test_a_name_is_never_a_command_or_a_color(shell, name):
    """What means something in a shell's prompt is taken out or doubled."""
    shown = prompt_line.rendered(
        ShellState(name, PromptGuardrails(), None), form="{profile}", shell=shell, color=False
    )
    assert shown.isprintable()
    if shell in ("bash", "zsh"):
        assert not set(shown) & set("$`!")
    if shell == "zsh":
        assert "%" not in shown.replace("%%", "")
    if shell == "tmux":
        assert "#" not in shown.replace("##", "")


def test_bash_runs_nothing_of_a_name(home):
    """In a PS1 that asks us at each prompt, a hostile name stays text."""
    code = "PS1='$(awsvault-py prompt --for=bash)'; echo \"${PS1@P}\""
    env = {**home.env, "AWS_PROFILE": "$(touch pwned)"}
    done = subprocess.run(
        ["bash", "--norc", "-c", code],
        env=env,
        cwd=home.root,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert "touch pwned" in done.stdout
    assert not os.path.exists(os.path.join(home.root, "pwned"))


def test_a_broken_file_shows_no_error(home):
    """A prompt that became an error message would be there at every line."""
    home.config("[profile dev\n\xff not ini")
    done = home.run("prompt", AWS_PROFILE="dev")
    assert (done.returncode, done.stdout, done.stderr) == (0, "dev\n", "")


@pytest.mark.parametrize("words", [["prompt"], ["--profile-names"]])
@pytest.mark.parametrize("broken", ["full", "pipe"])
def test_a_stdout_that_takes_nothing_shows_no_error(home, words, broken):
    """A shell would show it above the prompt, or at a press of Tab."""
    if broken == "full":
        stream = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, stream = os.pipe()
        os.close(reader)
    try:
        done = subprocess.run(
            [home.command, *words], env=home.with_env({"AWS_PROFILE": "dev"}), stdin=subprocess.DEVNULL, stdout=stream,
            stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    finally:
        os.close(stream)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_and_mistakes_are_clicks(home):
    """A wrong word is a usage error as everywhere."""
    assert "--format" in home.run("prompt", "--help").stdout
    assert home.run("prompt", "--for=csh").returncode == 2


def test_its_modules_are_counted(tmp_path):
    """It runs at each prompt of a user: what it imports is this and nothing more, since each module costs."""
    code = (
        "import sys, os; before = set(sys.modules); sys.argv = ['awsvault-py', 'prompt']\n"
        "os._exit = sys.exit\n"
        "from vault.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    env = {**os.environ, "AWS_PROFILE": "dev", "AWSVAULT_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={**env, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    first, loaded = done.stdout.splitlines()
    assert first == "dev"
    assert set(loaded.split()) <= {
        "_socket", "gc", "vault", "vault.__main__", "vault.cli", "vault.cli.prompt_line", "vault.shell", "vault.shell.prompt_data",
        "vault.limits", "vault.system", "vault.system.quick_read", "vault.system.timestamps", "vault.warm",
    }  # fmt: skip


def life_of_dev(home):
    """What the prompt says after the name, None where the agent was too slow."""
    name, *life = home.run("prompt", AWS_PROFILE="dev", AWSVAULT_PASSPHRASE=None).stdout.split()
    assert name == "dev"
    return life[0] if life else None


def test_the_agent_tells_how_long_the_session_lives(home):
    """The agent answers a request that the prompt builds without json."""
    home.scenario()
    home.make_vault()
    del home.env["AWSVAULT_AGENT"]
    unlock(home)
    try:
        home.export("dev")
        until(lambda: life_of_dev(home))  # the agent has a twentieth of a second to answer
        assert life_of_dev(home) in (None, "59m", "1h00m")
        assert home.run("prompt", AWS_PROFILE="prod").stdout == "prod\n"
    finally:
        stop(home)


@pytest.mark.parametrize("wrong", ["fifo", "folder", "others", "large", "gone"])
def test_a_file_that_is_not_as_it_should_be_is_not_read(tmp_path, wrong):
    """A prompt waits for no FIFO and believes no file that anybody may write; it says nothing about it."""
    path = tmp_path / "config"
    match wrong:
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "others":
            path.write_text("[default]")
            path.chmod(0o666)
        case "large":
            path.write_text("x" * 11)
    assert read_quickly(str(path), limit=10) == b""


def test_a_file_as_it_should_be_is_read(tmp_path):
    """Whole, up to the limit."""
    path = tmp_path / "config"
    path.write_text("x" * 10)
    assert read_quickly(str(path), limit=10) == b"x" * 10


def test_in_a_real_tmux(home):
    """In the status line: the profile, in red where it is production, and nothing of a hostile name run."""
    home.config('[profile live]\nawsvault_environment = prod\n[profile "#(touch pwned)"]\n')
    for profile, seen in (("live", r"\x1b\[31m[^\n]*live PROD"), ("#(touch pwned)", r"#\(touch pwned\)")):
        env = {
            **home.env,
            "AWS_PROFILE": profile,
            "TERM": "xterm",
            "TMUX_TMPDIR": home.root,
            "SHELL": "/bin/sh",
        }
        tmux = ["tmux", "-L", "prompt", "-f", "/dev/null"]
        line = "#(awsvault-py prompt --for=tmux)"
        child = pexpect.spawn(
            tmux[0],
            [*tmux[1:], "new-session", ";", "set", "-g", "status-interval", "1", ";", "set", "-g", "status-right-length",
             "60", ";", "set", "-g", "status-right", line],
            env=env, encoding="utf-8", timeout=PATIENCE, dimensions=(10, 120),
        )  # fmt: skip
        try:
            child.expect(seen)
        finally:
            subprocess.run([*tmux, "kill-server"], env=env, timeout=PATIENCE, check=False)
            child.close(force=True)
    assert not os.path.exists(os.path.join(home.root, "pwned"))
