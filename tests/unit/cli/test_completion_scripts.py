"""Completion in real shells: commands, options and profile names, hostile names never run, and no waiting."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time

import pexpect
import pytest

from tests.patience import PATIENCE
from vault.cli.command_table import COMMANDS
from vault.profiles import aws_files

HOSTILE = "$(touch pwned)"
CONFIG = """\
[default]
region = us-east-1
[profile dev]
region = us-east-1
[profile dev:eu]
[profile "two words"]
[profile "$(touch pwned)"]
[profile "`touch pwned`"]
[profile prod]
[sso-session x]
"""


@pytest.fixture
def home(home):
    """A home whose AWS file has plain, odd and hostile names."""
    home.config(CONFIG)
    with open(os.path.join(home.root, ".aws", "credentials"), "w") as file:
        file.write("[dev]\n[only-here]\n[esc\x1b[31m]\n")
    return home


def script(home, shell):
    done = home.run("completion", shell)
    assert done.returncode == 0, done.stderr
    path = os.path.join(home.root, f"completion.{shell}")
    with open(path, "w") as file:
        file.write(done.stdout)
    return path


def pieces(line):
    """The words of a line as bash's completion gets them."""
    words = [piece for word in line.split(" ") for piece in re.findall(r"""["'].*|[@:=]+|[^@:=]+|^$""", word)]
    return [*words, ""] if line[-1] in "@:" else words


def bash(home, line):
    """What bash's completion offers for the last word of ``line``."""
    words = pieces(line)
    code = (
        f"source {shlex.quote(script(home, 'bash'))}\n"
        f"COMP_WORDS=({' '.join(map(shlex.quote, words))}); COMP_CWORD={len(words) - 1}\n"
        f"COMP_LINE={shlex.quote(line)}; COMP_POINT={len(line)}\n"
        '_awsvault_py; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", code],
        env=home.env,
        cwd=home.root,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


def fish(home, line):
    code = f"source {shlex.quote(script(home, 'fish'))}; complete -C {shlex.quote(line)}"
    done = subprocess.run(
        ["fish", "--no-config", "-c", code],
        env=home.env,
        cwd=home.root,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert done.stderr == ""
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


def test_names_are_those_of_both_files(home):
    """Each profile once, in the files' order; what could harm a terminal is left out."""
    done = home.run("--profile-names")
    assert done.stdout.splitlines() == [
        "default", "dev", "dev:eu", "two words", HOSTILE, "`touch pwned`", "prod", "only-here",
    ]  # fmt: skip


def test_names_agree_with_resolution(home):
    """The quick reading finds what the exact one finds, hostile names apart."""
    from vault.profiles import aws_files
    from vault.shell import prompt_data

    exact = [n for n in aws_files.load(home.env, home=home.root).profiles if n.isprintable()]
    assert sorted(prompt_data.names(home.env, home=home.root)) == sorted(exact)


@pytest.mark.parametrize("offer", [bash, fish])
def test_commands(home, offer):
    """Every command of the table that starts so."""
    assert sorted(offer(home, "awsvault-py exp")) == sorted(n for n in COMMANDS if n.startswith("exp"))
    assert set(COMMANDS) <= set(offer(home, "awsvault-py "))


@pytest.mark.parametrize("offer", [bash, fish])
def test_profiles(home, offer):
    """After a command that takes a profile, its names; after one that takes none, none."""
    assert [name for name in offer(home, "awsvault-py export pr") if name != "prompt"] == ["prod"]
    assert "prod" not in offer(home, "awsvault-py status ")


@pytest.mark.parametrize("offer", [bash, fish])
def test_options_and_their_words(home, offer):
    """Options after a dash, and the words that one takes."""
    assert "--format" in offer(home, "awsvault-py export --f")
    assert "dotenv" in offer(home, "awsvault-py export --format do")


@pytest.mark.parametrize("offer", [bash, fish])
def test_the_short_names_complete_as_the_long_ones(home, offer):
    """rm and ls: what remove and list take."""
    assert "prod" in offer(home, "awsvault-py rm p")
    assert "--json" in offer(home, "awsvault-py ls --j")


@pytest.mark.parametrize("offer", [bash, fish])
def test_options_that_take_a_profile(home, offer):
    """Its names after log --profile and add --from-profile."""
    assert "prod" in offer(home, "awsvault-py log --profile p")
    assert "prod" in offer(home, "awsvault-py add x --from-profile p")
    assert "prod" not in offer(home, "awsvault-py log --since ")


@pytest.mark.parametrize("offer", [bash, fish])
@pytest.mark.parametrize("command", ["completion", "shell-init"])
def test_words_that_an_argument_can_be(home, offer, command):
    """The shells, and no profile."""
    assert {word for word in offer(home, f"awsvault-py {command} ") if word[:1] != "-"} == {
        "bash",
        "zsh",
        "fish",
    }


@pytest.mark.parametrize("offer", [bash, fish])
def test_subcommands(home, offer):
    """mfa's own commands."""
    assert {"add", "code", "list", "remove"} <= set(offer(home, "awsvault-py mfa "))


@pytest.mark.parametrize("offer", [bash, fish])
def test_a_hostile_name_is_a_word(home, offer):
    """A name that is a command to a shell is offered quoted, and nothing is run."""
    offered = offer(home, "awsvault-py export ")
    assert any("pwned" in word for word in offered)
    assert not os.path.exists(os.path.join(home.root, "pwned"))


def test_the_names_offered_are_those_that_are_read(home):
    """A header of two words without quotes is no profile, nor is one with a control character; all others are offered."""
    home.config(
        '[profile a*]\nregion = x\n[profile "b*"]\nregion = x\n[profile ünï]\nregion = x\n'
        "[profile two words]\nregion = x\n[profile R&D]\nregion = x\n[profile a\x07b]\nregion = x\n"
    )
    offered = home.run("--profile-names").stdout.splitlines()
    assert offered[:4] == ["a*", "b*", "ünï", "R&D"]
    assert set(offered) == set(aws_files.load(home.env, home=home.root).profiles)


def test_names_of_an_indented_file_are_offered(home):
    """As a heredoc leaves it: botocore, JavaScript and Go read it, and so do we."""
    home.config("  [profile one]\n  region = x\n\n\t[profile two]\n\tregion = x\n")
    assert home.run("--profile-names").stdout.splitlines()[:2] == ["one", "two"]


def test_bash_quotes_a_name_with_a_blank(home):
    """The name arrives as one word."""
    assert "two\\ words" in bash(home, "awsvault-py export tw")


def test_bash_completes_a_name_that_it_splits(home):
    """What follows the last colon; test_bash_profile_names has the others."""
    assert bash(home, "awsvault-py export dev:") == ["eu"]


def test_bash_completes_a_value_behind_an_equals_sign(home):
    """--format=NAME as well as --format NAME."""
    assert bash(home, "awsvault-py export --format=") == bash(home, "awsvault-py export --format ")
    assert "env" in bash(home, "awsvault-py export --format=e")


def test_after_two_dashes_the_command_is_completed(home):
    """exec PROFILE -- CMD: what follows is somebody else's command line."""
    assert "bash" in bash(home, "awsvault-py exec dev -- bas")
    assert "bash" in fish(home, "awsvault-py exec dev -- bas")


def test_zsh_completes_at_a_terminal(home):
    """A user presses Tab in zsh: command, then profile."""
    path = script(home, "zsh")
    child = pexpect.spawn(
        "zsh",
        ["-f", "-i"],
        env={**home.env, "TERM": "dumb"},
        cwd=home.root,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    child.sendline(
        "PS1='READY '; autoload -U compinit; compinit -u -D; unsetopt zle_bracketed_paste; source " + path
    )
    child.sendline("echo sourced")
    child.expect("sourced\r\n.*READY")
    child.send("awsvault-py expo\t")
    child.expect("awsvault-py export ")
    child.send("pro\t")
    child.expect("prod")
    child.send("\x15")
    child.send("awsvault-py export '$(to\t")
    child.expect("pwned")
    child.sendintr()
    child.close(force=True)
    assert not os.path.exists(os.path.join(home.root, "pwned"))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_read_without_a_word(home, shell):
    """Sourcing it at each start of a shell says nothing."""
    done = subprocess.run(
        [shell, "-n", script(home, shell)],
        env=home.env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_ten_thousand_names_cost_little_more_than_a_bare_interpreter(home):
    """Tab must not be waited for: within four bare interpreters of the same machine in the same run."""
    home.config("".join(f"[profile p{n}]\nregion = us-east-1\nmfa_serial = x\n" for n in range(10_000)))

    def once(*argv):
        began = time.perf_counter()
        done = subprocess.run(argv, env=home.env, stdout=subprocess.DEVNULL, timeout=PATIENCE, check=True)
        assert done.returncode == 0
        return time.perf_counter() - began

    from tests.home import COMMAND

    pairs = sorted(once(COMMAND, "--profile-names") / once(sys.executable, "-c", "pass") for _ in range(11))
    assert pairs[len(pairs) // 2] < 4, pairs
