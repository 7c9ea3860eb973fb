"""`awsvault-py lock`: locks the vault until the user unlocks it."""

from __future__ import annotations

import click

from vault.cli import shared_options
from vault.cli.command_context import with_context
from vault.cli.result import report_result
from vault.cli.terminal import say, without_absent
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


_COMMAND = {
    True: " Its command keeps running.",
    False: "",
    None: " If it runs a command, the command keeps running.",
}


@click.command(name="lock")
@shared_options.as_json
@with_context
def command(context: Context, *, as_json: bool) -> None:
    """Make the agent forget all keys and sessions. Until you run `unlock`, exports fail, and the keyring does not unlock the vault.

    Each `exec --server` and `serve` of this vault also forgets its key and its session, and stops serving credentials.

    Commands that you run yourself still work if you type the passphrase or provide it in a variable, file or command.
    Credentials that were already issued stay valid until they expire.
    """
    from vault.unlocking import lock_unlock

    closed = lock_unlock.lock_vault(context)
    if closed.nothing:
        say(f"There is no vault at {safe(context.paths.vault)}, so nothing was locked.")
    else:
        say("Locked." if closed.was_open or closed.servers else "Locked. The vault was not unlocked before.")
    for one in closed.servers:
        say(f"Ended the credentials server of {one.name}.{_COMMAND[one.command]}")
    report_result(
        {
            "locked": not closed.nothing,
            "was_unlocked": closed.was_open,
            "ended_servers": [
                without_absent({"server": one.name, "command_continues": one.command})
                for one in closed.servers
            ],
        },
        as_json=as_json,
    )
