"""What a command gets: the context of an attended run, after the settings were found to be right."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from vault import context as contexts
from vault import errors
from vault.cli.command_context import Invocation, with_context


@with_context
def command(context, name, *, flag):
    """A command."""
    return context, name, flag


def test_a_command_gets_an_attended_context_and_its_arguments(monkeypatch):
    """A user is there to answer prompts."""
    asked = []
    made = SimpleNamespace(settings=None)
    monkeypatch.setattr(contexts, "from_process", lambda **how: asked.append(how) or made)
    assert command("dev", flag=True) == (made, "dev", True)
    assert asked == [{"attended": True}]


def test_a_mistake_in_the_settings_is_reported_before_anything_is_done(home, here):
    """Also by a command that needs none of them."""
    home.settings("agent = 7\n")
    done = here(home, "which", "dev")
    assert (done.returncode, done.stdout) == (6, "")
    assert "config.toml" in done.stderr


def test_the_command_keeps_its_name_and_help():
    """click shows them."""
    assert (command.__name__, command.__doc__) == ("command", "A command.")


def test_a_run_of_the_command_line_starts_without_debug():
    """And its words cannot be changed by a command."""
    words = ["export", "dev"]
    found = Invocation(words)
    words.clear()
    assert (found.argv, found.debug, Invocation().argv) == (("export", "dev"), False, ())
    with pytest.raises(AttributeError):
        found.other = 1


def test_an_error_of_the_command_is_not_hidden(monkeypatch):
    """It reaches the one place that reports errors."""
    monkeypatch.setattr(contexts, "from_process", lambda **_: SimpleNamespace(settings=None))

    @with_context
    def fails(_context):
        raise errors.Declined("no")

    with pytest.raises(errors.Declined):
        fails()
