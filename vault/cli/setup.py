"""`awsvault-py setup`: sets up the profiles in AWS's files to use the vault."""

from __future__ import annotations

import click

from vault.cli import change_view, shared_options
from vault.cli.command_context import with_context
from vault.cli.confirm import confirm
from vault.cli.import_report import named
from vault.cli.terminal import emit, emit_json, say
from vault.errors import Usage
from vault.migrate import edit_plan, own_command, setup, setup_source_only, undo
from vault.migrate.diff import diff
from vault.text import safe
from vault.unlocking.key_access import open_keys
from vault.unlocking.unlock import unlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context


@click.command(name="setup")
@click.argument("profiles", metavar="[PROFILE]...", nargs=-1)
@click.option(
    "--all",
    "every",
    is_flag=True,
    help="Set up every profile whose key is in the vault (the default without PROFILE).",
)
@click.option(
    "--source-only",
    is_flag=True,
    help="Set up only the keys' own profiles; AWS's tools then assume the roles.",
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--diff", "whole", is_flag=True, help="Show every changed line, not one line per profile.")
@click.option("--undo", "back", is_flag=True, help="Undo the last setup.")
@shared_options.as_json
@click.option("--yes", is_flag=True, help="Do not prompt for confirmation.")
@with_context
def command(
    context: Context,
    profiles: tuple[str, ...],
    *,
    every: bool,
    source_only: bool,
    dry_run: bool,
    whole: bool,
    back: bool,
    as_json: bool,
    yes: bool,
) -> None:
    """Set up profiles in ~/.aws/config to use the vault.

    Each profile whose key is in the vault gets a credential_process. Settings that would make AWS's tools assume the role
    themselves get the prefix awsvault_. Comments and order are kept. setup shows one line per profile and asks before it
    changes the files. Answer d to see every changed line in $PAGER.
    """
    if every and profiles:
        raise Usage("give --all or PROFILE names, not both", hint="run: awsvault-py setup --help")
    if as_json and (back or whole):
        raise Usage("--json has every change: do not combine it with --diff or --undo")
    if back:
        undo_newest(context, kind="setup", dry_run=dry_run, yes=yes)
        return
    known = {
        entry.name: entry
        for entry in open_keys(context, purpose="to see which keys it has").contents().entries
    }
    files = edit_plan.read(context.env, home=context.paths.home)
    run = setup.Setup(
        files,
        env=context.env,
        words=own_command.program_words(context.env),
        has_entry=lambda name: name in known,
        entry_serial=lambda name: known[name].mfa_serial if name in known else None,
    )
    plan = setup_source_only.run(run, profiles) if source_only else run.run(profiles)
    changes = plan.changes(files)
    unused = run.unused(known) if not profiles else []
    if as_json:
        _carry_out(context, changes, dry_run=dry_run, yes=yes)
        found = change_view.as_json(
            changes,
            known=files.merged.profiles,
            skipped=plan.skipped,
            warnings=plan.warnings,
            applied=bool(changes) and not dry_run,
        )
        emit_json({**found, "unused": unused})
        return
    tell(plan, asked=bool(profiles))
    for name in unused:
        say(f"No profile uses the key {safe(name)}. To create one: awsvault-py setup {safe(name)}")
    if not changes:
        done = ": every profile whose key is in the vault already uses it"
        if unused:
            done = " in the profiles that exist"
        say(f"Nothing to change{'' if plan.skipped and profiles else done}.")
        return
    change_view.show_summary(changes, known=files.merged.profiles, whole=whole)
    if dry_run:
        return
    _carry_out(context, changes, dry_run=False, yes=yes)
    say(f"Set up: {', '.join(safe(name) for name in plan.done)}. To undo: awsvault-py setup --undo")


def _carry_out(context: Context, changes: Sequence[undo.Change], *, dry_run: bool, yes: bool) -> None:
    """Change the files after the user confirms, unless there is nothing to do."""
    if dry_run or not changes:
        return
    change_view.refuse_hands_off(changes)
    files = " and ".join(safe(change.path) for change in changes)
    change_view.confirm_changes(context, f"Apply these changes to {files}?", changes, yes=yes)
    undo.apply_changes(context, changes, kind="setup", opened=None)


def tell(plan: edit_plan.EditPlan, *, asked: bool) -> None:
    """Report the warnings and the unchanged profiles. If the user named none and there are many, only count them."""
    for warning in plan.warnings:
        say(f"Warning: {warning}")
    for left in plan.skipped if asked or len(plan.skipped) <= 10 else []:
        say(f"Not changed: {named(left)}")
    if not asked and len(plan.skipped) > 10:
        say(f"Not changed: {len(plan.skipped)} profiles. To see why: awsvault-py setup PROFILE")


def undo_newest(context: Context, *, kind: undo.Kind, dry_run: bool, yes: bool) -> None:
    """Show the newest change of ``kind`` and undo it."""
    seen = undo.preview(
        context, kind=kind, open_vault=lambda: unlock(context, purpose=f"to undo the {kind}").opened
    )
    undone = seen.files
    for one in undone:
        for line in diff(one.path, one.now, one.then, lines=one.kind != ""):
            emit(line)
    if dry_run:
        return
    if undone:
        confirm(context, f"Restore {' and '.join(safe(one.path) for one in undone)}?", yes=yes)
    undo.undo(context, seen, kind=kind)
    say("Undone." if undone else "Nothing to undo: the files already are as they were before.")
    if kind == "import" and undone:
        say(
            "The plaintext keys are in the files again, and still in the vault. To remove a key from the vault: "
            "awsvault-py remove NAME. Do not remove a key that was rotated after the import: only the vault has it."
        )
