"""What follows a command that edited the vault: a sync with its remote, if it has one. Never changes the command's exit code.

Prints nothing to stdout. Without a remote it imports nothing.
"""

from __future__ import annotations

from vault import errors
from vault.cli.terminal import is_live, say
from vault.settings import AUTO
from vault.store import vault
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


def sync(context: Context) -> None:
    """Sync, and say in one line what the user has to do. Only a terminal reads why it did not sync, and not that the bucket is out
    of reach.
    """
    main_key = context.main_key
    if main_key is None or context.settings.sync != AUTO or not _has_remote(context):
        return
    from vault.machines import quiet_sync

    try:
        conflicts = quiet_sync.after_edit(context, main_key)
    except (errors.Unreachable, KeyboardInterrupt):
        return
    except errors.Error as error:
        _not_synced(context, safe(error.message))
    except Exception as error:  # noqa: BLE001  # the command is done: what goes wrong now does not undo it
        _not_synced(context, f"unexpected error: {type(error).__name__}")
    else:
        if conflicts:
            _tell(
                f"{conflicts} {'item waits' if conflicts == 1 else 'items wait'} for your answer: other machines edited the same. "
                "Run: awsvault-py sync"
            )


def _has_remote(context: Context) -> bool:
    try:
        return context.has_synced(vault.read_header(context.paths).vault_id)
    except errors.Error:  # the command has read the vault, so this is another process's doing
        return False


def _not_synced(context: Context, why: str) -> None:
    if is_live(context.env):
        _tell(f"Not synced yet: run awsvault-py sync ({why})")


def _tell(text: str) -> None:
    try:
        say(text)
    except (OSError, ValueError):  # nobody reads stderr any more, which is no failure of the command
        return
