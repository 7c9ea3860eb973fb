"""`awsvault-py passwd`: another passphrase, and new master keys with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vault.cli.add import read_stdin
from vault.cli.frame import with_context
from vault.cli.questions import sure
from vault.cli.rekey import renewed
from vault.cli.terminal import say
from vault.flows import making, renewal
from vault.flows.unlock import unlock
from vault.store.kdf import DEFAULT, STRONG

if TYPE_CHECKING:
    from vault.flows.context import Context


@click.command(name="passwd")
@click.option(
    "--kdf",
    type=click.Choice(["default", "strong"]),
    help="64 or 256 MiB of memory a guess; as before without it.",
)
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the new passphrase from stdin.")
@click.option("--yes", is_flag=True, help="Do not ask about slots that cannot be kept.")
@with_context
def command(context: Context, kdf: str | None, *, from_stdin: bool, yes: bool) -> None:
    """Change the passphrase. Whoever knows the old one, and has an old copy, cannot read what comes after.

    Forgotten? Type the recovery code where the passphrase is asked for, or let the keyring open the vault.
    """
    new = making.choose_from(read_stdin()) if from_stdin else None
    opened = unlock(context, purpose="to change it").opened
    if new is None:
        new = making.choose_by_asking(context, what="the vault", otherwise="awsvault-py passwd --stdin")
    params = None if kdf is None else STRONG if kdf == "strong" else DEFAULT
    plan = renewal.plan(context, opened, passphrase=None, new_passphrase=new.secret, kdf=params)
    question = renewal.question(plan)
    if question is not None:
        sure(context, question, yes=yes)
    done = renewal.carry_out(context, plan)
    if new.warning is not None:
        say(f"Warning: the new passphrase is weak: {new.warning}.")
    renewed(done, "The passphrase is changed.")
