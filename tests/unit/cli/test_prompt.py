"""prompt as a click command: how its options reach what does the work (test_prompt_line), and which are mistakes."""

from __future__ import annotations

import click
import pytest

from tests.home import failed
from vault.cli import prompt, prompt_line


@pytest.fixture
def given(monkeypatch):
    """The words that prompt_line was run with."""
    found = []
    monkeypatch.setattr(prompt_line, "run", found.append)
    return found


def run(*words):
    prompt.command.main(list(words), standalone_mode=False)


def test_without_options_it_is_plain_text_with_all_that_is_known(given):
    """As the quick way has it, which does without click."""
    run()
    assert given == [["prompt", "--for=plain", "--format={profile}{environment}{left}"]]


def test_options_become_one_word_each(given):
    """So that a text that starts with a dash stays a text."""
    run("--for", "zsh", "--format", "-{profile}")
    assert given == [["prompt", "--for=zsh", "--format=-{profile}"]]


@pytest.mark.parametrize("shell", prompt_line.SHELLS)
def test_each_shell_that_can_be_written_for_is_an_option(given, shell):
    """None is missing in the help."""
    run("--for", shell)
    assert given[0][1] == f"--for={shell}"


def test_another_shell_is_a_mistake(given):
    """It is refused before anything runs."""
    with pytest.raises(click.BadParameter, match="tcsh"):
        run("--for", "tcsh")
    assert given == []


@pytest.mark.usefixtures("inside")
def test_a_mistake_is_two_lines(home):
    """As of every command."""
    failed(home.run("prompt", "--for", "tcsh"), 2, "tcsh")
