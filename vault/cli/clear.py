"""`awsvault-py clear [PROFILE]`: deletes cached sessions."""

from __future__ import annotations

import click

from vault.cli import shared_options
from vault.cli.command_context import with_context
from vault.cli.result import report_result
from vault.cli.terminal import say
from vault.credentials import forget_sessions
from vault.errors import Locked, Usage
from vault.profiles import aws_files
from vault.store import vault
from vault.text import safe
from vault.unlocking import all_agents
from vault.unlocking.key_access import open_keys
from vault.unlocking.unlock import open_elsewhere, unlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


@click.command(name="clear")
@shared_options.named("profile")
@click.option("--all", "everything", is_flag=True, help="Delete the sessions of all profiles (the default).")
@shared_options.as_json
@with_context
def command(context: Context, profile: str | None, *, everything: bool, as_json: bool) -> None:
    """Delete the cached sessions of PROFILE, including its MFA session, or of all profiles.

    Without PROFILE, clear deletes the cache's files. If the vault can be unlocked without a prompt, clear also replaces the
    cache key. Nothing is revoked at AWS: credentials that were already issued stay valid until they expire.
    """
    if profile is not None and everything:
        raise Usage("give PROFILE or --all, not both", hint="run: awsvault-py clear --help")
    if profile is not None:
        config = aws_files.load(context.env, home=context.paths.home)
        keys = open_keys(context, purpose=f"to clear the sessions of {profile}")
        gone = forget_sessions.forget_profile(context, keys, config, profile)
        count = "1 cached session" if gone == 1 else f"{gone} cached sessions"
        say(f"Deleted {count} of {safe(profile)}.")
        all_agents.check_all_answered(context)
        report_result({"profile": profile, "deleted": gone}, as_json=as_json)
        return
    gone = forget_sessions.forget_files(context)
    say("Deleted all cached sessions." if gone else "There were no cached sessions.")
    replaced = vault.exists(context.paths) and _replace_key(context)
    all_agents.check_all_answered(context)
    report_result({"files": gone, "cache_key_replaced": replaced}, as_json=as_json)


def _replace_key(context: Context) -> bool:
    """Replace the cache key if the vault can be unlocked without a prompt. Returns whether it was replaced."""
    try:
        opened = unlock(context.without_prompts(), purpose="to replace the key of the session cache").opened
    except Locked:
        why = (
            "that needs the main key, which the agent does not give out"
            if open_elsewhere(context)
            else "the vault could not be unlocked without a prompt"
        )
        say(
            f"The cache key was not replaced, because {why}. To replace it too, put the passphrase into a file, set "
            "AWSVAULT_PASSPHRASE_FILE, and run the command again."
        )
        return False
    forget_sessions.replace_cache_key(context, opened)
    return True
