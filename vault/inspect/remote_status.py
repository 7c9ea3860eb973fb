"""What `list`, `status` and `slots list` show of the remote: as of the last sync, from the state folder. Asks nobody, and never fails.

Callers look first whether there is a remote (Context.has_synced): most users have none, and need not load this.
"""

from __future__ import annotations

from vault import errors
from vault.records import NamedTuple
from vault.remote import note, summary
from vault.unlocking import cache_key
from vault.unlocking.manual_lock import manually_locked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.remote.summary import SyncSummary
    from vault.secret import Secret


class RemoteStatus(NamedTuple):
    """``at``: Unix seconds of the last sync. ``asks``: how many items wait for an answer. ``summary``: None if no key opens it."""

    at: int
    asks: int
    summary: SyncSummary | None


def of(context: Context, vault_id: bytes, key: Secret | None) -> RemoteStatus | None:
    """The remote of this vault; None if it has none. ``key``: the cache key, if it is available."""
    try:
        noted = note.read(context.paths, vault_id)
    except errors.Error:  # doctor reports the folder's rights
        noted = None
    if noted is None:
        return None
    shown = summary.read(context.paths, vault_id, key) if key is not None else None
    return RemoteStatus(noted.at, noted.asks, shown)


def with_key_on_disk(context: Context, vault_id: bytes) -> RemoteStatus | None:
    """As ``of``, with the cache key that is available although the vault is locked."""
    found = (
        None if manually_locked(context.paths) else cache_key.find(context.env, context.paths, context.agent)
    )
    return of(context, vault_id, found.key if found is not None and found.vault_id == vault_id else None)
