"""`awsvault-py sync`: brings this machine's vault and the others' together."""

from __future__ import annotations

import click

from vault.cli import shared_options, sync_answers, sync_view
from vault.cli.command_context import with_context
from vault.cli.slow_work import SlowWork
from vault.cli.terminal import emit_json, say
from vault.errors import Usage
from vault.machines import sync_vault
from vault.remote.merging import SyncRequest
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context
    from vault.remote.merging import ConflictAnswer
    from vault.remote.outcome import SyncOutcome
    from vault.store.opened import Opened


@click.command(name="sync")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option(
    "--accept",
    is_flag=True,
    help="Accept an older or diverged file in the bucket, and put back what it lacks.",
)
@click.option(
    "--choose",
    "chosen",
    multiple=True,
    metavar="NAME=MACHINE",
    help="Answer a conflict: keep MACHINE's version of NAME, or NAME=removed. This machine's ID keeps what it has.",
)
@shared_options.as_json
@with_context
def command(context: Context, *, dry_run: bool, accept: bool, chosen: tuple[str, ...], as_json: bool) -> int:
    """Sync the vault with its remote, which `remote add` has set.

    Edits of this machine go to the others, and theirs come here. Nothing is lost if two machines changed the same item: both versions
    are kept until you choose one. At a terminal, sync shows them side by side, without secrets, and asks; Enter skips one. Elsewhere,
    answer by --choose. Exit code 1 means that it synced, and that an item waits for your answer.
    """
    request = SyncRequest(accept=accept, choices=_choices(chosen), dry=dry_run)
    opened = sync_vault.open_to_sync(context)
    with SlowWork(context.env) as slow:
        done, url = sync_vault.sync_opened(context, opened, request, tell=slow.tell)
    if done.typed:
        say(sync_view.new_key_text(done))
    if as_json:
        emit_json(sync_view.outcome_json(done, url))
        return 1 if done.waiting else 0
    sync_view.show_changes(done)
    say(_summary(done, url, dry=dry_run))
    if dry_run or chosen or not done.waiting or not sync_answers.possible(context):
        sync_view.show_waiting(context.env, done.waiting)
    else:
        answers = sync_answers.ask(context, done.waiting)
        done = _answered(context, opened, answers, url) if answers else done
    return 1 if done.waiting else 0


def _answered(context: Context, opened: Opened, answers: Sequence[ConflictAnswer], url: str) -> SyncOutcome:
    """Send the answers, and say what waits all the same."""
    with SlowWork(context.env) as slow:
        done = sync_vault.answer(context, opened, answers, tell=slow.tell)
    sync_view.show_changes(done)
    say(_summary(done, url, dry=False))
    asked = {one.key for one in answers}
    for one in done.waiting:
        if one.key in asked:
            say(f"{safe(one.name)}: another machine changed it meanwhile, so your answer was not used.")
    return done


def _choices(chosen: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in chosen:
        name, equals, answer = text.rpartition("=")
        if not equals or not name or not answer or name in found:
            raise Usage(
                f"--choose {safe(text, limit=80)!r} is "
                + ("the second answer for this name" if name in found else "not NAME=MACHINE"),
                hint="write --choose NAME=MACHINE, or NAME=removed; to see both: awsvault-py sync",
            )
        found[name] = answer
    return found


def _summary(done: SyncOutcome, url: str, *, dry: bool) -> str:
    lines = []
    if dry:
        lines.append(f"{len(done.came)} would come, {len(done.went)} would go. Nothing was changed.")
    elif done.nothing or not (done.came or done.went or done.pushed):
        lines.append(f"Nothing to do: this machine has all that {safe(url)} has.")
    else:
        lines.append(f"Synced with {safe(url)}: {len(done.came)} came, {len(done.went)} went.")
    if done.taken_over:
        lines.append("Another copy of this vault has synced since, so this one is a new machine now.")
    if done.waiting:
        count = len(done.waiting)
        lines.append(f"{count} {'item waits' if count == 1 else 'items wait'} for your answer.")
    return "\n".join(lines)
