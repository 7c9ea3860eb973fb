"""`awsvault-py rotate`: replaces access keys."""

from __future__ import annotations

import json

import click

from vault import errors, limits
from vault.cli import shared_options, trust_option
from vault.cli.command_context import with_context
from vault.cli.confirm import confirm
from vault.cli.result import report_result
from vault.cli.rotation_report import RotationReport, finished, intent, only_waits, settled
from vault.cli.terminal import emit, is_live, say
from vault.cli.time_option import seconds_of
from vault.machines import rotation_sync
from vault.rotation import rotate
from vault.rotation.key_text import describe, span
from vault.rotation.policy import POLICY
from vault.rotation.steps import RotationRequest
from vault.text import safe
from vault.unlocking.unlock import unlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vault.context import Context
    from vault.keys.endpoint_trust import EndpointTrust
    from vault.machines.rotation_sync import RotationSync
    from vault.store.vault import Opened


@click.command(name="rotate")
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Rotate every entry of the vault.")
@click.option(
    "--older-than", metavar="AGE", help="Rotate only keys that are older than AGE at AWS: 90d, 12h."
)
@click.option("--undo", is_flag=True, help="Restore the old key and delete the new one.")
@click.option("--finish", is_flag=True, help="Delete the old key now, or finish an interrupted rotation.")
@click.option(
    "--delete-now",
    is_flag=True,
    help="Delete the old key immediately: do not keep it for seven days, and do not wait for other machines.",
)
@click.option("--delete-other", metavar="KEYID", help="Delete the user's other key first, to make room.")
@click.option(
    *shared_options.CODE, "mfa_code", metavar="CODE", help="A code of the MFA device, if IAM requires MFA."
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--print-policy", is_flag=True, help="Print the IAM policy that rotation needs.")
@shared_options.as_json
@trust_option.option
@click.option("--yes", is_flag=True, help="Do not prompt for confirmation.")
@with_context
def command(
    context: Context,
    names: tuple[str, ...],
    *,
    everything: bool,
    older_than: str | None,
    undo: bool,
    finish: bool,
    delete_now: bool,
    delete_other: str | None,
    mfa_code: str | None,
    dry_run: bool,
    print_policy: bool,
    as_json: bool,
    trust_endpoint: bool,
    yes: bool,
) -> int:
    """Replace the access keys of NAMES with new ones.

    The new key is stored and verified before it takes over. The old key is deactivated and kept for seven days, for --undo.
    If other machines share the vault, they get the new key by a sync, and the old key stays active until they have it, or for seven
    days; --delete-now does not wait for them. If a rotation is interrupted, the next run continues it. Exit code 11 means that it
    stopped before the new key took over.
    """
    if print_policy:
        emit(json.dumps(POLICY, indent=2))
        return 0
    least = _age(older_than)
    request = _request(
        names,
        undo=undo,
        finish=finish,
        delete_now=delete_now,
        delete_other=delete_other,
        everything=everything,
        older=least is not None,
    )
    opened = unlock(context, purpose="to rotate keys").opened
    trust = trust_option.endpoint_trust(context, trust_endpoint=trust_endpoint)
    reports: list[RotationReport] = []
    with rotate.lock_rotations(context):
        opened, sync = _synced(context, opened, dry_run=dry_run)
        chosen = _chosen(opened, names, everything=everything or (least is not None and not names))
        for name in chosen:
            try:
                report = _one(
                    context, opened, name, request,
                    trust=trust, least=least, mfa_code=mfa_code, dry_run=dry_run, yes=yes, sync=sync,
                )  # fmt: skip
            except errors.Error as error:
                if len(chosen) == 1:
                    raise
                say(f"{safe(name)}: error: {error.message}")
                say(f"{safe(name)}: hint: {error.hint}")
                report = RotationReport(name, "failed", error=error)
            reports.append(report)
    return _end(reports, as_json=as_json)


def _synced(context: Context, opened: Opened, *, dry_run: bool) -> tuple[Opened, RotationSync | None]:
    """The vault after a sync with its remote, and the syncs of this run; as it is if it has none, or nothing is to be changed."""
    sync = None if dry_run else rotation_sync.of_vault(context, opened)
    if sync is None:
        return opened, None
    say("Syncing with the other machines …")
    return sync.begin(), sync


def _chosen(opened: Opened, names: Sequence[str], *, everything: bool) -> list[str]:
    """The entries to rotate. Says which name stands for the key of another one."""
    chosen = rotate.choose_entries(opened.payload, names, everything=everything)
    for name in names:
        if name not in chosen:
            (other,) = rotate.choose_entries(opened.payload, [name], everything=False)
            say(f"{safe(name)}: has the same key as {safe(other)}, so it is rotated as {safe(other)}.")
    return chosen


def _end(reports: Sequence[RotationReport], *, as_json: bool) -> int:
    """Print the reports as JSON if asked to. Returns the exit code of the first failure, otherwise 0."""
    report_result({"keys": [report.as_json() for report in reports]}, as_json=as_json)
    failures = [report.error for report in reports if report.error is not None]
    if failures:
        say(f"{len(failures)} of {len(reports)} keys could not be rotated.")
        return failures[0].exit_code
    return 0


def _request(
    names: Sequence[str],
    *,
    undo: bool,
    finish: bool,
    delete_now: bool,
    delete_other: str | None,
    everything: bool,
    older: bool,
) -> RotationRequest:
    if sum((undo, finish, delete_now)) > 1:
        raise errors.Usage("give only one of --undo, --finish and --delete-now")
    if delete_other is not None and (everything or len(names) > 1 or undo or finish):
        raise errors.Usage("--delete-other needs exactly one NAME, without --undo or --finish")
    if undo and older:
        raise errors.Usage("--undo ignores a key's age: do not combine it with --older-than")
    return RotationRequest(undo=undo, finish=finish, delete_now=delete_now, delete_other=delete_other)


def _age(text: str | None) -> int | None:
    return seconds_of("--older-than", text, most=limits.OLDEST_KEY) if text is not None else None


def _one(
    context: Context,
    opened: Opened,
    name: str,
    request: RotationRequest,
    *,
    trust: EndpointTrust,
    least: int | None,
    mfa_code: str | None,
    dry_run: bool,
    yes: bool,
    sync: RotationSync | None,
) -> RotationReport:
    say(f"{safe(name)}: checking its keys …")
    prepared = rotate.prepare(
        context,
        opened,
        name,
        trust=trust,
        tell=lambda text: say(f"{safe(name)}: {text}"),
        progress=_progress(context),
        mfa_code=mfa_code,
        sync=sync,
    )
    age = prepared.age
    if least is not None and age is not None and age < least:
        if settled(prepared):
            say(f"{safe(name)}: {prepared.entry.access_key_id} is {span(age)} old. Nothing to do.")
            return RotationReport(name, "unchanged", prepared)
        request = RotationRequest(finish=True)  # an earlier rotation is due to be finished
    for key in prepared.state.keys:
        described = describe(key, now=prepared.state.now, own=prepared.entry.access_key_id)
        say(f"{safe(name)}:   {described}")
    for note in prepared.notes:
        say(f"{safe(name)}: note: {note}")
    if dry_run:
        plan = intent(prepared, request)
        say(f"{safe(name)}: would {plan}. Nothing was changed.")
        return RotationReport(name, "planned", prepared, plan=plan)
    if not only_waits(prepared, request):
        confirm(context, f"{safe(name)}: {intent(prepared, request)}?", yes=yes)
    try:
        outcome = rotate.carry_out(context, opened, prepared, request)
    except KeyboardInterrupt:
        say(f"\n{safe(name)}: interrupted. To continue: awsvault-py rotate {safe(name)}")
        raise
    return finished(prepared, outcome, request)


def _progress(context: Context) -> Callable[[int], None] | None:
    """A callback that shows the progress of the new key's verification on a terminal; None if there is no terminal."""
    if not is_live(context.env):
        return None
    began: list[float] = []

    def proving(row: int) -> None:
        began.append(context.clock.monotonic())
        shown = f"\r  accepted {row} of {limits.PROOFS} times in a row, {began[-1] - began[0]:.0f} s … "
        click.echo(shown, nl=row == limits.PROOFS, err=True)

    return proving
