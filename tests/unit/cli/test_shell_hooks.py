"""What shell-init gives a shell: completion at the first Tab, the profile in the prompt, and avp, which switches."""

from __future__ import annotations

import os
import subprocess

import pexpect
import pytest

from tests.home import COMMAND
from tests.patience import PATIENCE

pytestmark = pytest.mark.usefixtures("unmeasured")


SHELLS = ("bash", "zsh", "fish")


RUN = {"bash": ["bash", "--norc", "-c"], "zsh": ["zsh", "-f", "-c"], "fish": ["fish", "--no-config", "-c"]}


LOAD = {
    "bash": 'PS1="READY "; eval "$(awsvault-py shell-init bash)"',
    "zsh": "PS1='READY '; eval \"$(awsvault-py shell-init zsh)\"",
    "fish": 'function fish_prompt; echo -n "READY $status "; end; awsvault-py shell-init fish | source',
}


# What each shell shows as its prompt.
PROMPT = {"bash": 'echo "${PS1@P}"', "zsh": 'print -P "$PROMPT"', "fish": "fish_prompt; echo"}


PROFILE = "env | command grep ^AWS_PROFILE || echo no profile"


@pytest.fixture
def home(home):
    """The README's profiles, one in production, and one whose name is a command to a shell."""
    home.scenario()
    with open(home.config_path, "a", encoding="utf-8") as file:
        file.write('[profile live]\nawsvault_environment = production\n[profile "$(touch pwned)"]\n')
    return home


def run(home, shell, *lines, **env):
    """The lines in a shell that has read shell-init, one after the other; what it wrote, errors too."""
    code = "\n".join([LOAD[shell], *lines])
    done = subprocess.run(
        [*RUN[shell], code], env=home.with_env(env), cwd=home.root, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False, start_new_session=True,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_it_is_read_without_a_word(home, shell):
    """By a shell that checks it only, and by one that runs it twice."""
    text = home.run("shell-init", shell)
    assert (text.returncode, text.stderr) == (0, "")
    path = os.path.join(home.root, "init")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.stdout)
    for arguments in (["-n", path], ["-c", f"source {path}; source {path}"]):
        done = subprocess.run(
            [shell, *arguments], env=home.env, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_avp_switches_and_the_prompt_follows(home, shell):
    """avp PROFILE: the prompt shows it and AWS_PROFILE holds it; the start of a name will do; --off takes it away."""
    shown = PROMPT[shell]
    said = run(
        home, shell, shown, "avp prod", shown, PROFILE, "avp sha", PROFILE, "avp --off", PROFILE, shown
    )
    lines = [line.replace("READY 0", "READY").strip() for line in said.splitlines()]
    assert lines == [
        "READY", "(prod) READY", "AWS_PROFILE=prod", "AWS_PROFILE=shared-services", "no profile", "READY",
    ]  # fmt: skip


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("option", ["--help", "-h", "--version", "-x"])
def test_no_option_becomes_a_profile(home, shell, option):
    """The options are shown, no profile is looked for, and the one that was chosen stays."""
    said = run(home, shell, "avp prod", f"avp {option}", PROFILE)
    assert said.splitlines()[-1] == "AWS_PROFILE=prod", said
    assert "avp [START]" in said


@pytest.mark.parametrize("shell", SHELLS)
def test_a_misspelt_option_shows_the_options(home, shell):
    """It is not looked for among the profiles."""
    said = run(home, shell, "avp --of", "echo $?" if shell != "fish" else "echo $status")
    assert said.splitlines()[0] == "avp: there is no option --of"
    assert "avp --off: unset AWS_PROFILE" in said
    assert said.splitlines()[-1] == "2"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_status_of_the_last_command_is_kept(home, shell):
    """A prompt that shows it still can."""
    show = {
        "bash": 'PS1="$PS1"\'$?\'; false; echo "${PS1@P}"',
        "zsh": 'PROMPT="$PROMPT%?"; false; print -P "$PROMPT"',
        "fish": "false; fish_prompt",
    }
    assert "(dev) READY 1" in run(home, shell, show[shell], AWS_PROFILE="dev")


@pytest.mark.parametrize("shell", SHELLS)
def test_avp_alone_chooses(home, shell):
    """The list on the terminal; Escape leaves the profile as it is, and so does Ctrl-C, which ends the shell's command."""
    code = "\n".join([LOAD[shell], "avp dev", "avp", PROFILE, "avp", PROFILE])
    child = pexpect.spawn(
        RUN[shell][0], [*RUN[shell][1:], code], env=home.with_env({"TERM": "xterm", "AWSVAULT_PROMPT": "tty"}),
        encoding="utf-8", timeout=PATIENCE, dimensions=(40, 200),
    )  # fmt: skip
    child.expect_exact("Profile (5 of 5): ")
    child.send("\x1b")
    child.expect_exact("no profile was chosen")
    child.expect_exact("AWS_PROFILE=dev")
    child.expect_exact("Profile (5 of 5): ")
    child.send("3333")
    child.expect_exact("(1 of 5): 3333")
    child.send("\r")
    child.expect_exact("AWS_PROFILE=prod")
    child.expect(pexpect.EOF)
    child.close()


@pytest.mark.parametrize("shell", SHELLS)
def test_avp_says_what_is_in_its_way(home, shell):
    """An unknown name changes nothing; exec's shell has its own profile; keys in the environment beat the profile."""
    unknown = run(home, shell, "avp prodd", PROFILE)
    assert "did you mean prod?" in unknown
    assert "no profile" in unknown
    inside = run(home, shell, "avp prod", PROFILE, AWSVAULT_PROFILE="dev")
    assert "credentials of dev; to leave it: exit" in inside
    assert "no profile" in inside
    said = run(home, shell, "avp prod", AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE")
    assert "overrides the profile" in said
    assert "AWS_SESSION_TOKEN AWS_SECURITY_TOKEN" in said


@pytest.mark.parametrize("shell", SHELLS)
def test_a_hostile_name_is_only_a_name(home, shell):
    """Chosen, set and shown in the prompt: nothing of it is run."""
    said = run(home, shell, "avp '$(touch pwned)'", PROMPT[shell], PROMPT[shell], PROFILE)
    assert "AWS_PROFILE=$(touch pwned)" in said
    assert "(touch pwned)) READY" in said
    assert not os.path.exists(os.path.join(home.root, "pwned"))


@pytest.mark.parametrize("shell", SHELLS)
def test_production_is_red(home, shell):
    """In the prompt of each shell, where colours are wanted."""
    said = run(home, shell, "avp live", PROMPT[shell], TERM="xterm")
    assert "31m" in said.partition("live PRODUCTION")[0]
    assert "31m" not in run(home, shell, "avp live", PROMPT[shell], TERM="xterm", NO_COLOR="1")


@pytest.mark.parametrize("shell", SHELLS)
def test_tab_completes(home, shell):
    """The first Tab loads the completion; avp completes profile names."""
    if shell == "fish":
        code = "awsvault-py shell-init fish | source; complete -C 'awsvault-py expo'; complete -C 'awsvault-py export pro'; complete -C 'avp de'"
        done = subprocess.run(
            ["fish", "--no-config", "-c", code], env=home.env, capture_output=True, text=True, timeout=PATIENCE, check=True
        )  # fmt: skip
        assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["export", "prod", "dev"]
        return
    start = {"bash": ["bash", "--norc", "-i"], "zsh": ["zsh", "-f", "-i"]}[shell]
    compinit = (
        "autoload -U compinit; compinit -u -D; unsetopt zle_bracketed_paste; " if shell == "zsh" else ""
    )
    child = pexpect.spawn(
        start[0],
        start[1:],
        env={**home.env, "TERM": "dumb"},
        cwd=home.root,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    child.sendline(compinit + LOAD[shell] + "; echo load''ed")
    child.expect_exact("loaded\r\n")
    child.expect_exact("READY ")
    child.send("awsvault-py expo\t")
    child.expect_exact("awsvault-py export ")
    child.send("pro\t")
    child.expect_exact("prod")
    child.send("\x15avp sh\t")
    child.expect_exact("avp shared-services")
    child.close(force=True)


def test_the_prompt_can_be_left_alone(home):
    """--no-prompt: for starship, tmux, or a prompt of your own."""
    for shell in SHELLS:
        text = home.run("shell-init", shell, "--no-prompt").stdout
        assert "avp" in text
        assert "awsvault-py prompt" not in text


def test_older_sdks_are_told_to_read_the_config_file_where_it_is_asked_for(home):
    """--sdk-load-config sets AWS_SDK_LOAD_CONFIG in the shell and for its children; without it nothing names it."""
    for shell in SHELLS:
        assert "AWS_SDK_LOAD_CONFIG" not in home.run("shell-init", shell).stdout
        load = {
            "fish": f"{COMMAND} shell-init fish --no-prompt --sdk-load-config | source",
        }.get(shell, f'eval "$({COMMAND} shell-init {shell} --no-prompt --sdk-load-config)"')
        done = subprocess.run(
            [shell, "-c", f"{load}; env"],
            env=home.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
        assert "AWS_SDK_LOAD_CONFIG=1" in done.stdout.splitlines()


def test_a_shell_without_a_profile_runs_nothing_at_its_prompt(home):
    """If no profile is chosen, no process of awsvault-py runs for the lines that are typed."""
    path = os.path.join(home.root, "bin")
    os.mkdir(path)
    with open(os.path.join(path, "awsvault-py"), "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\necho ran >> ran\n")
    os.chmod(os.path.join(path, "awsvault-py"), 0o755)
    code = f'eval "$({COMMAND} shell-init bash)"; echo "${{PS1@P}}"; AWS_PROFILE=dev; echo "${{PS1@P}}"'
    env = {**home.env, "PATH": path + os.pathsep + home.env["PATH"], "PS1": "$ "}
    subprocess.run(["bash", "--norc", "-c", code], env=env, cwd=home.root, timeout=PATIENCE, check=True)
    with open(os.path.join(home.root, "ran"), encoding="utf-8") as file:
        assert file.read() == "ran\n"
