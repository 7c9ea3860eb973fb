"""`awsvault-py rekey`: new master keys under the same secrets."""

from __future__ import annotations

import click

from vault.cli.command_context import with_context
from vault.cli.confirm import sure
from vault.cli.terminal import say
from vault.text import safe
from vault.unlocking import strict_seeds
from vault.upkeep import rekey, rekey_strict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.store.vault import Opened


@click.command(name="rekey")
@click.option("--yes", is_flag=True, help="Do not ask about slots that cannot be kept.")
@with_context
def command(context: Context, *, yes: bool) -> None:
    """Renew the vault's master keys, for when one may be known: an old copy of the vault no longer helps to read new ones.

    The passphrase stays, this machine's keyring is taken along, and a recovery code is issued anew. At a terminal the
    passphrase of the strict MFA seeds is asked for too, and their key is renewed with it.
    """
    opened, passphrase = rekey.open_by_secret(context, purpose="to renew its keys")
    plan = rekey.plan(context, opened, passphrase=passphrase)
    question = rekey.question(plan)
    if question is not None:
        sure(context, question, yes=yes)
    renewed(
        rekey.carry_out(context, plan, strict=_strict(context, opened, yes=yes)), "The master keys are new."
    )


def _strict(context: Context, opened: Opened, *, yes: bool) -> rekey_strict.Fresh | None:
    """A new key for the strict seeds, where a person gives their passphrase."""
    if not strict_seeds.has_passphrase(opened) or not context.interaction.possible():
        return None
    known = strict_seeds.ask_or_skip(
        context, purpose="to renew their key too", skip="Press Enter to leave it as it is."
    )
    if known is None:
        return None
    fresh = rekey_strict.wrapped(context, opened, known, known.passphrase)
    question = rekey_strict.question(fresh)
    if question is not None:
        sure(context, question, yes=yes)
    return fresh


def renewed(done: rekey.Rekeyed, first: str) -> None:
    """What was done, and what is left to do by hand."""
    say(f"{first} The automatic backups of before are gone, and cached sessions too.")
    if done.strict_kept:
        say(
            "The strict seeds keep their passphrase and their key. To renew both: awsvault-py passwd --strict"
        )
    if done.log is not None:
        say(f"The log of before can no longer be read, and a new one is begun: {done.log}")
    copies_elsewhere(done.left, "they open with the old secrets")
    say("They hold the access keys as well. If somebody may have one: awsvault-py rotate --all")


def copies_elsewhere(left: tuple[str, ...], why: str) -> None:
    """What a person has to delete, and ``why``."""
    for path in left:
        say(f"Could not be removed, do it by hand: {safe(path)}")
    say(
        f"Copies elsewhere (your own backups, snapshots, synchronised folders) are as before: {why}. Delete them, and make a "
        "new one: awsvault-py backup FILE"
    )
