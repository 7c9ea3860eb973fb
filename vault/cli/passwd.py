"""`awsvault-py passwd`: changes the passphrase and the master keys."""

from __future__ import annotations

import click

from vault.cli import shared_options
from vault.cli.add import read_stdin
from vault.cli.command_context import with_context
from vault.cli.confirm import confirm
from vault.cli.rekey import (
    UNDO_ENDS,
    copies_elsewhere,
    removed_fields,
    replaced_fields,
    tell_others,
    tell_replaced,
)
from vault.cli.result import report_result
from vault.cli.terminal import say
from vault.errors import Usage
from vault.machines import shared_keys
from vault.migrate import undo
from vault.store.kdf import DEFAULT, STRONG
from vault.unlocking import strict_seeds
from vault.unlocking.unlock import unlock
from vault.upkeep import create, rekey_plan, rekey_strict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.store.kdf import KdfParams


@click.command(name="passwd")
@click.option(
    "--kdf",
    type=click.Choice(["default", "strong"]),
    help="Memory for each guess: 64 or 256 MiB. Default: unchanged.",
)
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the new passphrase from stdin.")
@click.option("--strict", is_flag=True, help="Change the passphrase of the strict MFA seeds instead.")
@click.option("--yes", is_flag=True, help="Do not prompt about slots that cannot be kept.")
@shared_options.as_json
@with_context
def command(
    context: Context, kdf: str | None, *, from_stdin: bool, strict: bool, yes: bool, as_json: bool
) -> None:
    """Change the passphrase. The old passphrase and an old copy of the vault cannot decrypt what you store from now on.

    If you forgot the passphrase, type the recovery code at the prompt, or let the keyring or TPM unlock the vault.

    If the vault has a remote, the file in the bucket gets the new passphrase too, and a new key. On each other machine, the next sync
    asks for the new passphrase once, and it becomes the passphrase there. If the bucket cannot be reached, nothing is changed.

    --strict changes the passphrase of the strict seeds, and their key. It needs the old passphrase, because nothing else unlocks
    them.
    """
    new = create.passphrase_from_stdin(read_stdin()) if from_stdin else None
    if strict:
        _strict(context, new, _params(kdf), yes=yes, as_json=as_json)
        return
    opened, _, url = shared_keys.prepare(context, unlock(context, purpose="to change it").opened)
    if undo.opens_import(context, opened):
        say(f"Note: {UNDO_ENDS}")
    if new is None:
        new = create.ask_new_passphrase(context, what="the vault", otherwise="awsvault-py passwd --stdin")
    if kdf is None:
        create.check_unused(context, new)
    plan = rekey_plan.make_plan(context, opened, passphrase=None, new_passphrase=new.secret, kdf=_params(kdf))
    question = plan.question()
    if question is not None:
        confirm(context, question, yes=yes)
    done = shared_keys.carry_out(context, plan, kdf=_params(kdf))
    if new.warning is not None:
        say(f"Warning: the new passphrase is weak: {new.warning}.")
    tell_replaced(done, "The passphrase was changed.")
    if url is not None:
        tell_others(url)
    report_result({**replaced_fields(done), "warnings": create.warnings_of(new)}, as_json=as_json)


def _params(kdf: str | None) -> KdfParams | None:
    return None if kdf is None else STRONG if kdf == "strong" else DEFAULT


def _strict(
    context: Context,
    new: create.ChosenPassphrase | None,
    kdf: KdfParams | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Change the passphrase and the key of the strict seeds. The slots of the main box do not change."""
    opened = unlock(context, purpose="to change the passphrase of the strict seeds").opened
    rekey_strict.require(opened)
    known = strict_seeds.ask_for(context, purpose="to change it")
    if new is None:
        new = create.ask_new_passphrase(
            context, what="the strict seeds", otherwise="awsvault-py passwd --strict --stdin"
        )
    if kdf is None and known.passphrase == new.secret:
        raise Usage("this is already the passphrase of the strict seeds", hint="choose another one")
    strict_plan = rekey_strict.plan_for_known(context, opened, known, new.secret, kdf=kdf)
    question = strict_plan.question()
    if question is not None:
        confirm(context, question, yes=yes)
    done = rekey_strict.carry_out(context, opened, strict_plan)
    if new.warning is not None:
        say(f"Warning: the new passphrase is weak: {new.warning}.")
    say("The passphrase of the strict seeds was changed. The old automatic backups were deleted.")
    copies_elsewhere(done.left, "their strict seeds still unlock with the old passphrase")
    report_result(
        {
            "generation": done.opened.header.gen,
            "removed": removed_fields(strict_plan.lost),
            "left": list(done.left),
            "warnings": create.warnings_of(new),
        },
        as_json=as_json,
    )
