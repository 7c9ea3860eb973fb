"""`awsvault-py backup`: copies the vault or prints a recovery sheet."""

from __future__ import annotations

import os

import click

from vault.cli import shared_options
from vault.cli.command_context import with_context
from vault.cli.result import report_result
from vault.cli.terminal import emit, local, say
from vault.crypto.seal import b64u
from vault.errors import Usage
from vault.store import slot_text
from vault.text import safe
from vault.unlocking.unlock import unlock
from vault.upkeep import agent_backup, backups
from vault.upkeep.recovery_sheet import sheet as page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.store.format import VaultFile


@click.command(name="backup")
@click.argument("file", required=False)
@click.option("--sheet", is_flag=True, help="Print a recovery sheet, without secrets.")
@shared_options.as_json
@with_context
def command(context: Context, file: str | None, *, sheet: bool, as_json: bool) -> None:
    """Copy the encrypted vault to FILE, and verify the copy.

    The copy unlocks like the vault. To use it, run `restore FILE` with the passphrase or a recovery code. With --sheet, print
    one page to keep on paper: users, key IDs, MFA devices, and what to do in the console if you lose the machine.
    """
    if file is None and not sheet:
        raise Usage("give FILE or --sheet", hint="run: awsvault-py backup --help")
    if sheet and as_json:
        raise Usage("--sheet prints text: do not combine it with --json")
    if file is not None and not sheet:
        found = agent_backup.write_by_agent(context, file)
        if found is not None:
            backups.remember(context, found)
            _tell(found, file, as_json=as_json, verified=". The agent verified that it can be unlocked.")
            return
    opened = unlock(context, purpose="to copy it").opened
    if file is not None:
        backups.write(opened, file)
        backups.remember(context, opened.file)
        _tell(opened.file, file, as_json=as_json, verified=" and verified the copy.")
    if sheet:
        kinds = tuple(
            dict.fromkeys(slot_text.kind(slot) for slot in opened.header.slots if slot.opens == "main")
        )
        made = local(context.clock.time())
        emit(page(opened.payload, vault_id=b64u(opened.vault_id), made=made, slots=kinds))


def _tell(copied: VaultFile, path: str, *, as_json: bool, verified: str) -> None:
    generation, size = copied.header.gen, len(copied.raw)
    say(f"Copied generation {generation} to {safe(path)} ({size} bytes){verified}")
    if any(map(slot_text.is_of_machine, copied.header.slots)):
        say(
            "On another machine, this machine's TPM does not unlock the copy. To restore it, you need a passphrase or a "
            "recovery code."
        )
    report_result({"file": os.path.abspath(path), "generation": generation, "bytes": size}, as_json=as_json)
