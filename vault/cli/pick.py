"""`awsvault-py pick [START]`: lets the user choose a profile, for scripts and for the avp function of shell-init."""

from __future__ import annotations

import click

from vault.cli.command_context import with_context
from vault.errors import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


@click.command(name="pick")
@click.argument("start", required=False)
@with_context
def command(context: Context, *, start: str | None) -> None:
    """Choose a profile at the terminal and print its name. The most used profiles come first; type to filter the list.

    If START is a profile name or a unique prefix of one, there is no prompt. If you choose none, nothing is printed (exit code
    10, or 130 after Ctrl-C).
    """
    from vault.inspect import pick

    name = pick.exact_or_only(context, start) if start else None
    if name is None:
        if not pick.possible(context):
            raise Usage(
                "there is no terminal to choose a profile on",
                hint="use the whole name: awsvault-py pick PROFILE",
            )
        name = pick.pick_profile(context, "Profile", start=start or "")
    click.echo(name)
