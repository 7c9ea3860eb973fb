"""`awsvault-py lock`: closes the vault until a person opens it."""

from __future__ import annotations

import click

from vault.cli.command_context import with_context
from vault.cli.terminal import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


@click.command(name="lock")
@with_context
def command(context: Context) -> None:
    """Make the agent forget the keys and sessions. Until `unlock`, `export` is refused and no keyring opens the vault.

    Each `exec --server` of the vault forgets its key and session too, and serves nothing any more.

    A command that you run yourself opens it still, with a passphrase that is typed, or given by variable, file or command.
    Sessions that tools hold already live on until their end.
    """
    from vault.unlocking import lock_unlock

    closed = lock_unlock.close_by_hand(context)
    say("Locked." if closed.was_open or closed.servers else "Locked. It was not open.")
    for one in closed.servers:
        say(f"Ended the credentials server of {one}. Its command goes on.")
