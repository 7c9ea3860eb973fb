"""``help COMMAND`` is ``COMMAND --help``, for each command; and the man pages say the same."""

from __future__ import annotations

import click
import pytest

from vault.cli import main
from vault.cli.command_table import ALIASES, COMMANDS


def every(group, context, path=()):
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        yield (*path, name)
        if isinstance(found, click.Group):
            yield from every(found, click.Context(found, info_name=name, parent=context), (*path, name))


PATHS = [(), *every(main.build(), click.Context(main.build())), *((short,) for short in ALIASES)]


def said(capsys, *words):
    code = main.run(words)
    return code, *capsys.readouterr()


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_help_is_the_commands_own(path, capsys, monkeypatch):
    """Word for word, at each width, for groups and subcommands too; and the short names lead there."""
    for columns in ("60", "100"):
        monkeypatch.setenv("COLUMNS", columns)
        whole = tuple(ALIASES.get(word, word) for word in path)
        assert said(capsys, "help", *path) == said(capsys, *whole, "--help")


@pytest.mark.parametrize("path", [path for path in PATHS if path], ids=" ".join)
def test_no_subcommand_is_described_by_half_a_sentence(path, capsys, monkeypatch):
    """In a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    listed = said(capsys, *path, "--help")[1].partition("\nCommands:\n")[2]
    assert "..." not in listed, listed


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["exprot"], '"export"'),
        (["xyzzy"], ""),
        (["mfa", "ad"], "ad"),
        (["export", "dev"], "export has no subcommands"),
    ],
)
def test_what_is_no_command(words, near, capsys):
    """As an unknown command: 2, what was meant, and where the list is; nothing on stdout."""
    code, out, err = said(capsys, "help", *words)
    assert (code, out) == (2, "")
    assert near in err
    assert len(err.splitlines()) == 2
    assert "help --help" not in err
    if len(words) == 1:
        assert err == said(capsys, *words)[2]


def test_a_key_given_by_mistake_is_not_shown(capsys):
    """What somebody pasted may be a secret."""
    assert "wJalr" not in said(capsys, "help", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")[2]


def test_the_words_of_the_table_are_completed():
    """The argument's choices, which completion reads, are the commands."""
    command = main.build().get_command(click.Context(main.build()), "help")
    assert set(command.params[0].type.choices) == {*COMMANDS, *ALIASES}
