"""completion: each shell's script has every command, and a shell that is not known is a mistake. Real shells: test_completion_scripts."""

from __future__ import annotations

import click
import pytest

from tests.home import failed
from vault.cli import completion, completion_scripts
from vault.cli.command_table import ALIASES, COMMANDS
from vault.cli.main import build

pytestmark = pytest.mark.usefixtures("inside")


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_the_script_has_every_command_and_short_name(home, shell):
    """Nothing on stderr, as the script is evaluated at each start of a shell."""
    done = home.run("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    for name in (*COMMANDS, *ALIASES):
        assert name in done.stdout


def test_a_short_name_has_the_options_of_the_long_one(monkeypatch):
    """Though it is in no list of commands."""
    found, shapes = click.Context(build()), {}
    monkeypatch.setitem(
        completion_scripts.RENDERERS,
        "none",
        lambda given: shapes.update({one.path: one for one in given}) or "",
    )
    completion.script(found, "none")
    assert ALIASES
    for short, long in ALIASES.items():
        assert short not in found.command.list_commands(found)
        assert shapes[short,].options == shapes[long,].options


def test_another_shell_is_a_mistake(home):
    """With the shells that there are."""
    failed(home.run("completion", "tcsh"), 2, "tcsh")


def test_it_belongs_to_a_group_of_commands():
    """A command alone has nothing to complete."""
    with pytest.raises(TypeError, match="Command"):
        completion.script(click.Context(completion.command), "bash")
