"""`awsvault-py remove NAME`: removes an entry."""

from __future__ import annotations

import click

from vault.cli import shared_options
from vault.cli.command_context import with_context
from vault.cli.confirm import confirm
from vault.cli.result import report_result
from vault.cli.terminal import say
from vault.keys import entries
from vault.store.entry_lookup import find_entry
from vault.text import safe
from vault.unlocking.unlock import unlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


@click.command(name="remove")
@shared_options.named("name", required=True)
@click.option("--yes", is_flag=True, help="Do not prompt for confirmation.")
@shared_options.as_json
@with_context
def command(context: Context, name: str, *, yes: bool, as_json: bool) -> None:
    """Remove the entry NAME from the vault, with its MFA seed unless another entry uses it.

    The key stays valid at AWS until you delete it there.
    """
    opened = unlock(context, purpose=f"to remove {name}").opened
    entry = find_entry(opened.payload, name)
    seed = entries.seed_only_used_by(opened.payload, name) is not None
    owner = f" of {safe(entry.user)} in {safe(entry.account or '')}" if entry.user else ""
    what = f"{safe(name)}: {safe(entry.access_key_id)}{owner}" + (", with its MFA seed" if seed else "")
    confirm(context, f"Remove {what}? AWS cannot show its secret again.", yes=yes)
    entries.remove(context, opened, name)
    say(f"Removed {safe(name)}. Its key {safe(entry.access_key_id)} is still valid at AWS.")
    report_result(
        {
            "name": name,
            "access_key_id": entry.access_key_id,
            "account": entry.account,
            "user": entry.user,
            "mfa_serial": entry.mfa_serial,
            "seed_removed": seed,
        },
        as_json=as_json,
    )
