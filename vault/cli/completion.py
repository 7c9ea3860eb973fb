"""`awsvault-py completion SHELL`: the script that completes commands, options and profile names."""

from __future__ import annotations

import click

from vault.cli import completion_scripts
from vault.cli.command_table import ALIASES


@click.command(name="completion")
@click.argument("shell", type=click.Choice(tuple(completion_scripts.RENDERERS)))
@click.pass_context
def command(found: click.Context, shell: str) -> None:
    """Print a script that completes commands, options and profile names in SHELL.

    bash: eval "$(awsvault-py completion bash)" in ~/.bashrc; zsh: the same in ~/.zshrc, after compinit;
    fish: awsvault-py completion fish | source
    """
    click.echo(script(found, shell), nl=False)


def script(found: click.Context, shell: str) -> str:
    """The completion script, generated from all commands of the table."""
    group = found.find_root().command
    if not isinstance(group, click.Group):
        raise TypeError(type(group).__name__)
    commands = [
        (name, below)
        for name in (*group.list_commands(found), *ALIASES)
        if (below := group.get_command(found, name)) is not None
    ]
    return completion_scripts.RENDERERS[shell](completion_scripts.shapes(commands))
