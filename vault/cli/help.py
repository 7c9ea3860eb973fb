"""`awsvault-py help COMMAND`: prints the same text as ``COMMAND --help``. Loads only that command."""

from __future__ import annotations

import click

from vault.cli.command_table import ALIASES, COMMANDS
from vault.errors import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _CommandName(click.Choice[str]):
    """Completes the commands of the table, but accepts any word, so that the error for an unknown command is the same as elsewhere."""

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> str:
        return str(value)


@click.command("help")
@click.argument("words", nargs=-1, type=_CommandName((*COMMANDS, *ALIASES)), metavar="[COMMAND]...")
@click.pass_context
def command(here: click.Context, words: tuple[str, ...]) -> None:
    """Show the help of COMMAND: the text of its man page and of COMMAND --help.

    Without COMMAND, list all commands. For a subcommand, give both words: help mfa add.
    """
    found = here.find_root()
    for word in words:
        found = _below(found, word)
    click.echo(found.get_help())


def _below(found: click.Context, word: str) -> click.Context:
    """The context of the subcommand ``word``. Raises Usage if there is none."""
    group = found.command
    if not isinstance(group, click.Group):
        raise Usage(f"{found.command_path} has no subcommands", hint=f"run: {found.command_path} --help")
    name, command, _ = group.resolve_command(found, [word])
    if command is None:
        raise Usage(f"{found.command_path} has no such subcommand", hint=f"run: {found.command_path} --help")
    return click.Context(command, info_name=name, parent=found)
