"""`awsvault-py rekey`: new master keys under the same secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vault.cli.frame import with_context
from vault.cli.questions import sure
from vault.cli.terminal import say
from vault.flows import renewal
from vault.text import safe

if TYPE_CHECKING:
    from vault.flows.context import Context


@click.command(name="rekey")
@click.option("--yes", is_flag=True, help="Do not ask about slots that cannot be kept.")
@with_context
def command(context: Context, *, yes: bool) -> None:
    """Renew the vault's master keys, for when one may be known: an old copy of the vault no longer helps to read new ones.

    The passphrase stays, this machine's keyring is taken along, and a recovery code is issued anew.
    """
    opened, passphrase = renewal.open_by_secret(context, purpose="to renew its keys")
    plan = renewal.plan(context, opened, passphrase=passphrase)
    question = renewal.question(plan)
    if question is not None:
        sure(context, question, yes=yes)
    renewed(renewal.carry_out(context, plan), "The master keys are new.")


def renewed(done: renewal.Renewed, first: str) -> None:
    """What was done, and what is left to do by hand."""
    say(f"{first} The automatic backups of before are gone, and cached sessions too.")
    for left in done.left:
        say(f"Could not be removed, do it by hand: {safe(left)}")
    if done.log is not None:
        say(f"The log of before can no longer be read, and a new one is begun: {done.log}")
    say(
        "Copies elsewhere (your own backups, snapshots, synchronised folders) still open with the old secrets: "
        "delete them, and make a new one: awsvault-py backup FILE"
    )
    say("They hold the access keys as well. If somebody may have one: awsvault-py rotate --all")
