"""Back up the vault without a passphrase, while the agent keeps it unlocked. The copy is exactly the file that the agent opened.

Prints nothing.
"""

from __future__ import annotations

from vault import errors, limits
from vault.store import file
from vault.text import safe
from vault.unlocking.agent_keys import AgentGone, keys_from_agent
from vault.upkeep import backups

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.store.format import VaultFile


def write_by_agent(context: Context, path: str) -> VaultFile | None:
    """Copy the sealed vault to the new file ``path`` after the agent has opened it, and return the copied file.

    Returns None if the agent cannot open it, or if other commands keep changing it. Raises AlreadyExists, StorageError,
    Damaged, RolledBack, Diverged.
    """
    for _ in range(limits.BACKUP_TRIES):
        found = _read(context)
        if not _agent_opens(context):
            return None
        if _read(context).raw == found.raw:  # unchanged, so these are the bytes that the agent opened
            _write(path, found.raw)
            return found
    return None


def _agent_opens(context: Context) -> bool:
    """Whether a new worker of the agent can open the file as it is now."""
    keys = keys_from_agent(context)
    if keys is None:
        return False
    try:
        keys.contents()
    except AgentGone:
        return False
    finally:
        keys.close()
    return True


def _read(context: Context) -> VaultFile:
    with file.open_folder(context.paths) as folder:
        return file.read(folder)


def _write(path: str, raw: bytes) -> None:
    def check(read: bytes) -> None:
        if read != raw:
            raise errors.StorageError(f"{safe(path)}: the bytes read back differ from the bytes written")

    backups.write_copy(path, raw, check=check)
