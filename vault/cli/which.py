"""`awsvault-py which ACCOUNT-OR-ARN`: finds the profiles for an account, user or role."""

from __future__ import annotations

import click

from vault.cli import shared_options
from vault.cli.command_context import with_context
from vault.cli.terminal import emit_json, table, without_absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


@click.command("which")
@click.argument("wanted", metavar="ACCOUNT-OR-ARN")
@shared_options.as_json
@with_context
def command(context: Context, wanted: str, *, as_json: bool) -> None:
    """Find the profiles for an account (12 digits), a user or role (its ARN), or a role (its name).

    In a pipe: one line per profile, with tabs.
    """
    from vault.inspect.which import matching_profiles

    found = matching_profiles(context, wanted)
    if as_json:
        emit_json({"profiles": [without_absent(way._asdict()) for way in found]})
        return
    rows = [(way.profile, way.account or "", way.identity or "") for way in found]
    table(context.env, ("PROFILE", "ACCOUNT", "ROLE OR USER"), rows)
