"""`awsvault-py setup`: sets up the profiles in AWS's files to use the vault."""

from __future__ import annotations

import click

from vault.cli.command_context import with_context
from vault.cli.confirm import sure
from vault.cli.terminal import emit, say
from vault.errors import CheckFailed, Usage
from vault.migrate import edit_plan, own_command, setup, setup_source_only, undo
from vault.migrate.diff import diff
from vault.system.replace_file import hands_off
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
@click.option("--undo", "back", is_flag=True, help="Undo the last setup.")
@click.option("--yes", is_flag=True, help="Do not prompt for confirmation.")
@with_context
def command(
    context: Context,
    profiles: tuple[str, ...],
    *,
    every: bool,
    source_only: bool,
    dry_run: bool,
    back: bool,
    yes: bool,
) -> None:
    """Set up profiles in ~/.aws/config to use the vault.

    Each profile whose key is in the vault gets a credential_process. Settings that would make AWS's tools assume the
    role themselves get the prefix awsvault_. Comments and order stay. setup shows the
    changes and asks before it makes them.
    """
    if every and profiles:
        raise Usage("give --all or PROFILE names, not both", hint="run: awsvault-py setup --help")
    if back:
        undo_newest(context, kind="setup", dry_run=dry_run, yes=yes)
        return
    known = {
        entry.name: entry
        for entry in open_keys(context, purpose="to see which keys it holds").contents().entries
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
    tell(plan, asked=bool(profiles))
    for name in run.unused(known) if not profiles else []:
        say(f"No profile uses the key {safe(name)}. To create one: awsvault-py setup {safe(name)}")
    if not changes:
        done = (
            "" if plan.skipped and profiles else ": every profile whose key is in the vault already uses it"
        )
        say(f"Nothing to change{done}.")
        return
    show(changes)
    if dry_run:
        return
    refuse_hands_off(changes)
    sure(context, f"Apply these changes to {' and '.join(safe(c.path) for c in changes)}?", yes=yes)
    undo.apply_changes(context, changes, kind="setup", opened=None)
    say(f"Set up: {', '.join(safe(name) for name in plan.done)}. To undo: awsvault-py setup --undo")


def tell(plan: edit_plan.EditPlan, *, asked: bool) -> None:
    """Report the warnings and the profiles that stay unchanged; if there are many that the user did not name, their number."""
    for warning in plan.warnings:
        say(f"Warning: {warning}")
    for left in plan.skipped if asked or len(plan.skipped) <= 10 else []:
        say(f"Not changed: {safe(left.profile)}: {left.reason}")
    if not asked and len(plan.skipped) > 10:
        say(f"Not changed: {len(plan.skipped)} profiles. To see why: awsvault-py setup PROFILE")


def show(changes: Sequence[undo.Change]) -> None:
    """Print the diff on stdout."""
    for change in changes:
        for line in diff(change.path, change.before, change.after, lines=change.kind != ""):
            emit(line)


def refuse_hands_off(changes: Sequence[undo.Change]) -> None:
    """Raise CheckFailed if another program writes one of the files, which would undo the changes."""
    for change in changes:
        reason = hands_off(change.path)
        if reason is not None:
            raise CheckFailed(
                f"{safe(change.path)} is {reason}, so awsvault-py does not write it",
                hint="make the change shown above in the file's source, then run the command again to check it",
            )


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
        sure(context, f"Put {' and '.join(safe(one.path) for one in undone)} back?", yes=yes)
    undo.undo(context, seen, kind=kind)
    say("Undone." if undone else "Nothing to undo: the files are already as they were.")
    if kind == "import" and undone:
        say(
            "The plaintext keys are in the files again, and still in the vault. To remove a key from the vault: "
            "awsvault-py remove NAME. Do not remove a key that was rotated after the import: only the vault has it."
        )
