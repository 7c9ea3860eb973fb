"""A backup where the agent has the vault open: nobody gives the passphrase, and the copy is of what opened. Prints nothing."""

from __future__ import annotations

from vault import errors, limits
from vault.store import file
from vault.text import safe
from vault.unlocking.agent_keys import AgentGone, held_keys
from vault.upkeep import backups

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.store.format import VaultFile


def by_agent(context: Context, path: str) -> VaultFile | None:
    """Write the sealed vault, which the agent has opened meanwhile, to a new file; None where it does not, or another
    command changes the vault all the time. AlreadyExists, StorageError, Damaged, RolledBack, Diverged.
    """
    for _ in range(limits.BACKUP_TRIES):
        found = _lying(context)
        if not _opens(context):
            return None
        if _lying(context).raw == found.raw:  # so these bytes are what was opened in between
            _write(path, found.raw)
            return found
    return None


def _opens(context: Context) -> bool:
    """Whether a new fork of the agent opens what lies there now."""
    keys = held_keys(context)
    if keys is None:
        return False
    try:
        keys.contents()
    except AgentGone:
        return False
    finally:
        keys.close()
    return True


def _lying(context: Context) -> VaultFile:
    with file.open_folder(context.paths) as folder:
        return file.read(folder)


def _write(path: str, raw: bytes) -> None:
    def check(read: bytes) -> None:
        if read != raw:
            raise errors.StorageError(f"{safe(path)}: what is read there is not what was written")

    backups.write_copy(path, raw, check=check)
