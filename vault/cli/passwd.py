"""`awsvault-py passwd`: another passphrase, and new master keys with it."""

from __future__ import annotations

import click

from vault.cli.add import read_stdin
from vault.cli.command_context import with_context
from vault.cli.confirm import sure
from vault.cli.rekey import copies_elsewhere, renewed
from vault.cli.terminal import say
from vault.store.kdf import DEFAULT, STRONG
from vault.unlocking import strict_seeds
from vault.unlocking.unlock import unlock
from vault.upkeep import create, rekey, rekey_strict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.store.kdf import KdfParams


@click.command(name="passwd")
@click.option(
    "--kdf",
    type=click.Choice(["default", "strong"]),
    help="64 or 256 MiB of memory a guess; as before without it.",
)
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the new passphrase from stdin.")
@click.option(
    "--strict", "strictly", is_flag=True, help="Change the passphrase of the strict MFA seeds instead."
)
@click.option("--yes", is_flag=True, help="Do not ask about slots that cannot be kept.")
@with_context
def command(context: Context, kdf: str | None, *, from_stdin: bool, strictly: bool, yes: bool) -> None:
    """Change the passphrase. Whoever knows the old one, and has an old copy, cannot read what comes after.

    Forgotten? Type the recovery code where the passphrase is asked for, or let the keyring open the vault.

    --strict changes the strict seeds' own passphrase, and their key with it. The old one is asked for; nothing replaces it.
    """
    new = create.choose_from(read_stdin()) if from_stdin else None
    if strictly:
        _strict(context, new, _params(kdf), yes=yes)
        return
    opened = unlock(context, purpose="to change it").opened
    if new is None:
        new = create.choose_by_asking(context, what="the vault", otherwise="awsvault-py passwd --stdin")
    plan = rekey.plan(context, opened, passphrase=None, new_passphrase=new.secret, kdf=_params(kdf))
    question = rekey.question(plan)
    if question is not None:
        sure(context, question, yes=yes)
    done = rekey.carry_out(context, plan)
    if new.warning is not None:
        say(f"Warning: the new passphrase is weak: {new.warning}.")
    renewed(done, "The passphrase is changed.")


def _params(kdf: str | None) -> KdfParams | None:
    return None if kdf is None else STRONG if kdf == "strong" else DEFAULT


def _strict(
    context: Context, new: create.ChosenPassphrase | None, kdf: KdfParams | None, *, yes: bool
) -> None:
    """The strict seeds under another passphrase and another key; the vault's own ways in stay as they are."""
    opened = unlock(context, purpose="to change the passphrase of the strict seeds").opened
    rekey_strict.require(opened)
    known = strict_seeds.ask_for(context, purpose="to change it")
    if new is None:
        new = create.choose_by_asking(
            context, what="the strict seeds", otherwise="awsvault-py passwd --strict --stdin"
        )
    fresh = rekey_strict.wrapped(context, opened, known, new.secret, kdf=kdf)
    question = rekey_strict.question(fresh)
    if question is not None:
        sure(context, question, yes=yes)
    done = rekey_strict.change(context, opened, fresh)
    if new.warning is not None:
        say(f"Warning: the new passphrase is weak: {new.warning}.")
    say("The passphrase of the strict seeds is changed. The automatic backups of before are gone.")
    copies_elsewhere(done.left, "the strict seeds of their time open with the old passphrase")
