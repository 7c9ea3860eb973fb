"""`awsvault-py clear [PROFILE]`: forgets cached sessions."""

from __future__ import annotations

import click

from vault.cli.command_context import with_context
from vault.cli.terminal import say
from vault.credentials import cached
from vault.credentials.access import open_keys
from vault.errors import Declined, Locked
from vault.profiles import aws_files
from vault.store import vault
from vault.text import safe
from vault.unlocking import all_agents
from vault.unlocking.unlock import unlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


@click.command(name="clear")
@click.argument("profile", required=False)
@with_context
def command(context: Context, profile: str | None) -> None:
    """Forget the cached sessions of PROFILE, its MFA session too, or of all profiles.

    Without PROFILE the files are deleted at once, and the key that sealed them is replaced where the vault can be
    opened. AWS knows nothing of it: a session that was handed out lives on until its end.
    """
    if profile is not None:
        config = aws_files.load(context.env, home=context.paths.home)
        keys = open_keys(context, purpose=f"to clear the sessions of {profile}")
        gone = cached.forget_profile(context, keys, config, profile)
        count = "1 session" if gone == 1 else f"{gone} sessions"
        say(f"Forgot {count} of {safe(profile)}.")
        all_agents.insist(context)
        return
    gone = cached.forget_files(context)
    say("Forgot all cached sessions." if gone else "There was no cached session.")
    if vault.exists(context.paths):
        _renew_key(context)
    all_agents.insist(context)


def _renew_key(context: Context) -> None:
    try:
        opened = unlock(context, purpose="to replace the key of the session cache").opened
    except (Locked, Declined):
        say("No passphrase was at hand to replace the cache's key with, so it is the same as before.")
        return
    cached.renew_cache_key(context, opened)
