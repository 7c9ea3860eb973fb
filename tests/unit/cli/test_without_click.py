"""The usual forms of the commands of every day run without click, and answer as they do with it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.patience import PATIENCE
from tests.unit.agent.at_home import running
from vault.cli import main, without_click

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
WITH_CLICK = "import sys; from vault.cli.main import run; sys.exit(run(sys.argv[1:]))"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    from tests.fakes.aws import StandIn

    with StandIn() as aws, running(tmp_path_factory.mktemp("h"), aws) as made:
        made.export("dev")
        yield made


FORMS = [
    ["list"], ["ls"], ["list", "--json"], ["list", "--profiles"], ["list", "--profiles", "--json"], ["status"], ["status", "--json"],
    ["explain", "dev"], ["explain", "de"], ["explain", "--json", "dev"], ["explain", "nosuch"], ["whoami", "dev"], ["whoami", "nosuch", "--json"],
    ["log"], ["log", "--json"], ["log", "--verify"], [], ["-h"], ["--help"], ["help"],
]  # fmt: skip


def without_times(text):
    """``text`` without what differs from one second to the next, or from one call to the next."""
    return "".join("0" if c.isdigit() else c for c in text).replace("0", "")


@pytest.mark.parametrize("words", FORMS, ids=" ".join)
def test_answers_as_with_click(words, home):
    """The same exit code, output and messages, also for a profile that is not there."""
    assert without_click.given_to([*words]) is not None or words in without_click._HELP or words == ["ls"]
    short = home.run(*words)
    long = subprocess.run(
        [sys.executable, "-c", WITH_CLICK, *words], env=home.env, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )  # fmt: skip
    assert (short.returncode, without_times(short.stdout), without_times(short.stderr)) == (
        long.returncode, without_times(long.stdout), without_times(long.stderr),
    )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ["list", "dev"], ["list", "--used"], ["list", "--debug"], ["list", "--help"], ["status", "--policy", "90d"], ["explain"],
        ["explain", "dev", "prod"], ["explain", "-p", "dev"], ["explain", "--live", "dev"], ["explain", ""], ["whoami"], ["whoami", "--", "dev"],
        ["log", "-n", "1"], ["log", "--profile=dev"], ["add", "dev"], ["--debug"], ["--version"], ["-h", "list"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_everything_else_is_left_to_click(words):
    """A value, a mistake, another command."""
    assert without_click.run(words) is None


def test_its_flags_are_those_of_click():
    """Each one is a flag of the command that click has, and sets what that sets."""
    group = main.build()
    for name, form in without_click.FORMS.items():
        command = group.get_command(None, name)
        flags = {word: p.name for p in command.params if getattr(p, "is_flag", False) for word in p.opts}
        assert form.flags.items() <= flags.items()
        assert form.profile == any(p.param_type_name == "argument" for p in command.params)


def test_an_error_of_a_flag_names_the_help(home):
    """Errors go the way that all errors go."""
    done = home.run("explain", "nosuch")
    assert done.returncode == 5
    assert done.stderr.startswith("awsvault-py: error: ")
