"""`awsvault-py rekey`: replaces the master keys and keeps the passphrase."""

from __future__ import annotations

import click

from vault.cli import shared_options
from vault.cli.command_context import with_context
from vault.cli.confirm import confirm
from vault.cli.result import report_result
from vault.cli.terminal import say
from vault.machines import shared_keys
from vault.migrate import undo
from vault.store import slot_text, strict_box
from vault.text import safe
from vault.unlocking import strict_seeds
from vault.upkeep import rekey, rekey_plan, rekey_strict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context
    from vault.store.format import SlotRecord
    from vault.store.vault import Opened


UNDO_ENDS = "With new master keys, `awsvault-py import --undo` can no longer undo your last import."


@click.command(name="rekey")
@click.option("--yes", is_flag=True, help="Do not prompt about what cannot be kept.")
@shared_options.as_json
@with_context
def command(context: Context, *, yes: bool, as_json: bool) -> None:
    """Replace the vault's master keys if someone may know one. Keys from an old copy cannot decrypt later versions.

    The passphrase and this machine's keyring and TPM slots are kept, and you get a new recovery code. At a terminal, rekey also prompts
    for the passphrase of the strict seeds, to replace their key.

    If the vault has a remote, the file in the bucket gets a new key too. On each other machine, the next sync asks for the passphrase
    once. If the bucket cannot be reached, nothing is changed.
    """
    opened, passphrase, url = shared_keys.prepare(
        context, *rekey_plan.open_by_secret(context, purpose="to replace its keys")
    )
    plan = rekey_plan.make_plan(context, opened, passphrase=passphrase)
    question = plan.question()
    if question is not None:
        confirm(context, question, yes=yes)
    if undo.opens_import(context, opened):
        confirm(context, f"{UNDO_ENDS} Continue?", yes=yes)
    done = shared_keys.carry_out(context, plan, strict=_strict(context, opened, yes=yes))
    tell_replaced(done, "The master keys were replaced.")
    if url is not None:
        tell_others(url)
    report_result(replaced_fields(done), as_json=as_json)


def _strict(context: Context, opened: Opened, *, yes: bool) -> rekey_strict.StrictRekeyPlan | None:
    """The plan for a new strict key; None if the user does not type the strict passphrase."""
    if not strict_box.has_passphrase(opened) or not context.interaction.possible():
        return None
    known = strict_seeds.ask_or_skip(
        context, purpose="to replace their key too", skip="Press Enter to keep it."
    )
    if known is None:
        return None
    strict_plan = rekey_strict.plan_for_known(context, opened, known, known.passphrase)
    question = strict_plan.question()
    if question is not None:
        confirm(context, question, yes=yes)
    return strict_plan


def tell_replaced(done: rekey.Rekeyed, first: str) -> None:
    """Report what was done, and what the user must do next. ``first`` is the first sentence."""
    say(f"{first} The old automatic backups and all cached sessions were deleted.")
    for slot in done.removed:
        say(f"Removed, because its secret was not available: {slot_text.describe(slot)}.")
    if done.strict_kept:
        say(
            "The strict seeds keep their passphrase or security key, and their key. To replace both: awsvault-py passwd --strict"
        )
    if done.log is not None:
        say(f"The old log can no longer be read; a new one was started: {done.log}")
    for name in done.lost:
        say(f"The sign-in to {safe(name)} was in use and is lost. To sign in again: awsvault-py sso login")
    copies_elsewhere(done.left, "they still unlock with the old secrets")
    say("They also contain the access keys. If someone may have a copy: awsvault-py rotate --all")


def tell_others(url: str) -> None:
    """Say what the bucket has now, and what the user must do on the other machines."""
    say(
        f"{safe(url)} has a new key, which the passphrase opens. On each other machine, run awsvault-py sync and type the "
        "passphrase once: it becomes the passphrase of that machine too."
    )
    say(f"Earlier versions of {safe(url)} still open with the old secrets: delete its noncurrent versions.")


def replaced_fields(done: rekey.Rekeyed) -> dict[str, object]:
    """What ``rekey``, ``passwd`` and ``slots remove`` have in common in their JSON."""
    header = done.opened.header
    return {
        "generation": header.gen,
        "opened_by": list(slot_text.kinds(header.slots)),
        "removed": removed_fields(done.removed),
        "strict_kept": done.strict_kept,
        "log_unreadable": done.log,
        "lost_sign_ins": list(done.lost),
        "left": list(done.left),
    }


def removed_fields(slots: Sequence[SlotRecord]) -> list[dict[str, object]]:
    """The slots that could not be kept."""
    return [{"slot": slot.name, "kind": slot_text.kind(slot)} for slot in slots]


def copies_elsewhere(left: tuple[str, ...], why: str) -> None:
    """Tell the user which copies to delete, and ``why``. ``left`` are files that could not be deleted."""
    for path in left:
        say(f"Could not delete {safe(path)}. Delete it yourself.")
    say(
        f"Copies elsewhere (your own backups, snapshots, synchronized folders) are unchanged: {why}. Delete them, and create a "
        "new backup: awsvault-py backup FILE"
    )
