"""`awsvault-py restore`: restores the vault from a backup."""

from __future__ import annotations

from shlex import quote

import click

from vault.cli import shared_options
from vault.cli.command_context import with_context
from vault.cli.confirm import confirm
from vault.cli.result import report_result
from vault.cli.terminal import emit_json, local, rfc3339, say, table, without_absent
from vault.text import safe
from vault.upkeep import backups

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


_NAMED = 5  # entries that were removed since


@click.command(name="restore")
@click.argument("file", required=False)
@click.option(
    "--accept",
    is_flag=True,
    help="Without FILE: accept the current vault file, even if it is older or different.",
)
@shared_options.as_json
@click.option("--yes", is_flag=True, help="Do not prompt for confirmation.")
@with_context
def command(context: Context, file: str | None, *, accept: bool, as_json: bool, yes: bool) -> None:
    """List the automatic backups, or restore one of them (bak1 to bak3) or your own backup FILE.

    The current vault becomes the newest automatic backup. Use --accept if awsvault-py refuses a vault that is older than
    before, or that was changed on two machines: it prompts for the passphrase and accepts the current file as the newest.
    With FILE, --accept also restores a copy from before a rekey. If the log would become unreadable, restore tells you before
    you confirm.

    If the vault has a remote, nothing in the bucket is replaced: the next sync brings back what was edited after the copy was made,
    and removes what was removed. If the copy has such an entry, restore does not sync, and says how to keep it.
    """
    if file is None and not accept:
        _show(context, as_json=as_json)
        return
    chosen = backups.choose_present(context) if file is None else backups.choose(context, file, accept=accept)
    say(_sentence(chosen.backup))
    warnings = [f"{chosen.problem.message}."] if chosen.problem is not None else []
    if chosen.log.trouble is not None:
        warnings.append(
            f"the log in {safe(context.paths.log)} will be unreadable with this copy: {chosen.log.trouble}. The next "
            "export will start a new log and rename the old one to unreadable.N.*"
        )
    if chosen.shared == "not":
        warnings.append(
            "this copy is from before the vault was shared with other machines: this machine will no longer sync. To share it again, run "
            "awsvault-py remote add with the same URL"
        )
    if chosen.brings_back:
        warnings.append(
            f"removed since this copy was made: {_listed(chosen)}. If the other machines know that, the next sync removes it here again"
        )
    for warning in warnings:
        say(f"Warning: {warning}")
    confirm(context, "Use this copy as the vault?", yes=yes)
    after = backups.restore_backup(context, chosen)
    say(f"This copy is now the vault, as generation {after.header.gen}.")
    if chosen.brings_back:
        keep = " ".join(
            f"--choose {quote(f'{safe(name)}={chosen.machine}')}" for name in chosen.brings_back[:_NAMED]
        )
        say(
            f"Nothing in the bucket is replaced, and this machine has not synced yet. To keep {_listed(chosen)} on all machines, run: awsvault-py sync {keep}\nTo take only what "
            "all machines have, run: awsvault-py sync. The next command that edits the vault does the same."
        )
    elif chosen.shared == "as then":
        say(
            "To get what all machines have edited since, run: awsvault-py sync. Nothing in the bucket is replaced."
        )
    if chosen.outdated:
        say(
            "The old passphrases and recovery codes of this copy unlock the vault until you change them: "
            + backups.passwd_commands(chosen.file)
        )
    report_result(
        {
            "vault": context.paths.vault,
            **_fields(chosen.backup),
            "generation": after.header.gen,
            "outdated": chosen.outdated,
            "warnings": warnings,
        },
        as_json=as_json,
    )


def _listed(chosen: backups.ChosenBackup) -> str:
    more = len(chosen.brings_back) - _NAMED
    return ", ".join(safe(name, limit=60) for name in chosen.brings_back[:_NAMED]) + (
        f" and {more} more" if more > 0 else ""
    )


def _fields(copy: backups.Backup) -> dict[str, object]:
    return without_absent(
        {
            "name": copy.name,
            "generation": copy.gen,
            "written": rfc3339(copy.time),
            "opened_by": list(copy.slots),
            "entries": None if copy.entries is None else list(copy.entries),
        }
    )


def _sentence(copy: backups.Backup) -> str:
    entries = ", ".join(safe(name, limit=60) for name in copy.entries or ()) or "none"
    return (
        f"{safe(copy.name)}: generation {copy.gen}, written {local(copy.time)}, opened by {', '.join(copy.slots)}; "
        f"entries: {entries}."
    )


def _show(context: Context, *, as_json: bool) -> None:
    copies = backups.list_automatic(context)
    if as_json:
        emit_json({"backups": [_fields(copy) for copy in copies]})
        return
    if not copies:
        say("No automatic backup can be read. To restore your own backup: awsvault-py restore FILE")
        return
    rows = [
        (
            c.name,
            str(c.gen),
            local(c.time),
            ", ".join(c.slots),
            "encrypted" if c.entries is None else ", ".join(c.entries) or "none",
        )
        for c in copies
    ]
    table(context.env, ("BACKUP", "GENERATION", "WRITTEN", "OPENED BY", "ENTRIES"), rows)
    say("To restore one: awsvault-py restore bak1")
