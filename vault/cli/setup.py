"""`awsvault-py setup`: sets up the profiles in AWS's files to use the vault."""

from __future__ import annotations

import click

from vault.cli import change_view, setup_sso, shared_options
from vault.cli.command_context import with_context
from vault.cli.import_report import named
from vault.cli.terminal import emit_json, say
from vault.errors import NotFound, Usage
from vault.migrate import edit_plan, own_command, setup, setup_source_only, undo
from vault.text import safe
from vault.unlocking.key_access import open_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.context import Context

_HELP = "run: awsvault-py setup --help"


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
@click.option(
    "--sso",
    metavar="SESSION",
    help="Write a profile for each role that you have at this sso-session of IAM Identity Center.",
)
@click.option(
    "--name",
    metavar="TEMPLATE",
    help="With --sso: the profiles' names, of {session}, {account}, {account_id} and {role}. Default: {account}/{role}.",
)
@click.option(
    "--account", metavar="GLOB", multiple=True, help="With --sso: only accounts whose name or ID matches."
)
@click.option("--role", metavar="GLOB", multiple=True, help="With --sso: only roles whose name matches.")
@shared_options.region("With --sso: the region of profiles that have none.")
@click.option(
    "--prune",
    is_flag=True,
    help="With --sso: remove generated profiles whose role you no longer have, or that have another name now.",
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--diff", "whole", is_flag=True, help="Show every changed line, not one line per profile.")
@click.option(
    "--undo", "back", is_flag=True, help="Undo the last setup; with --sso, the last one of SESSION."
)
@shared_options.as_json
@click.option("--yes", is_flag=True, help="Do not prompt for confirmation.")
@with_context
def command(
    context: Context,
    profiles: tuple[str, ...],
    *,
    every: bool,
    source_only: bool,
    sso: str | None,
    name: str | None,
    account: tuple[str, ...],
    role: tuple[str, ...],
    region: str | None,
    prune: bool,
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

    --sso asks IAM Identity Center for your accounts and roles. Sign in first: awsvault-py sso login SESSION. The profiles have a
    line awsvault_sso_generated; no other profile is changed. Run it again when accounts or roles were added.
    """
    if every and profiles:
        raise Usage("give --all or PROFILE names, not both", hint=_HELP)
    given = {"--name": name, "--account": account, "--role": role, "--region": region, "--prune": prune}
    _check_combination(sso, given, others=bool(profiles) or every or source_only)
    if as_json and whole:
        raise Usage("--json has every change: do not combine it with --diff")
    if sso is not None:
        if back:
            setup_sso.undo_newest(context, sso, dry_run=dry_run, yes=yes, as_json=as_json)
            return
        setup_sso.run(
            context,
            setup_sso.SignInOptions(
                sso,
                name,
                account,
                role,
                region,
                prune,
                dry_run=dry_run,
                whole=whole,
                as_json=as_json,
                yes=yes,
            ),
        )
        return
    if back:
        try:
            change_view.undo_newest(context, kind=undo.SETUP, dry_run=dry_run, yes=yes, as_json=as_json)
        except NotFound as error:
            error.hint = setup_sso.undo_hint(context) or error.hint
            raise
        return
    _set_up(
        context, profiles, source_only=source_only, dry_run=dry_run, whole=whole, as_json=as_json, yes=yes
    )


def _check_combination(sso: str | None, given: Mapping[str, object], *, others: bool) -> None:
    """Raise Usage if options of ``--sso`` were ``given`` without it, or ``others`` with it."""
    if sso is not None and others:
        raise Usage(
            "--sso writes profiles of its own: do not combine it with PROFILE, --all or --source-only",
            hint=_HELP,
        )
    for option, value in given.items():
        if value and sso is None:
            raise Usage(f"{option} needs --sso SESSION", hint=_HELP)


def _set_up(
    context: Context,
    profiles: tuple[str, ...],
    *,
    source_only: bool,
    dry_run: bool,
    whole: bool,
    as_json: bool,
    yes: bool,
) -> None:
    """Set up the profiles whose key is in the vault."""
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
        if changes and not dry_run:
            change_view.carry_out(context, changes, kind=undo.SETUP, yes=yes)
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
    change_view.carry_out(context, changes, kind=undo.SETUP, yes=yes)
    say(f"Set up: {', '.join(safe(name) for name in plan.done)}. To undo: awsvault-py setup --undo")


def tell(plan: edit_plan.EditPlan, *, asked: bool) -> None:
    """Report the warnings and the unchanged profiles. If the user named none and there are many, only count them."""
    for warning in plan.warnings:
        say(f"Warning: {warning}")
    for left in plan.skipped if asked or len(plan.skipped) <= 10 else []:
        say(f"Not changed: {named(left)}")
    if not asked and len(plan.skipped) > 10:
        say(f"Not changed: {len(plan.skipped)} profiles. To see why: awsvault-py setup PROFILE")
