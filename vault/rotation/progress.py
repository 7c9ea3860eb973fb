"""Whether a rotation in the vault was interrupted, or only waits: for other machines to sync, or for its old key to be deleted.

All commands that show a rotation ask here. They show what is true without a request: as of the last sync.
"""

from __future__ import annotations

from vault.records import NamedTuple
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from vault.context import Context
    from vault.remote.summary import RotationWait
    from vault.unlocking.inventory import Listed
    from vault.unlocking.keys import Keys

INTERRUPTED, WAITING, DUE, KEPT, OVER = "interrupted", "waiting", "due", "kept", "over"


class RotationProgress(NamedTuple):
    """``interrupted``; ``waiting`` for other machines, until ``until`` at the latest; ``due``: it waited for them, and continues now;
    ``kept``: the old key is inactive until ``until``; ``over``: it can be deleted.
    """

    state: str
    until: int = 0
    wait: RotationWait | None = None

    @property
    def machines(self) -> str:
        """The machines that are waited for, for a line."""
        names = [safe(name) for name in self.wait.machines] if self.wait is not None else []
        more = self.wait.more if self.wait is not None else 0
        return ", ".join(names) + (f" and {more} more" if more else "")

    @property
    def old(self) -> str:
        """The ID of the key that was replaced and is still active."""
        return safe(self.wait.old_id) if self.wait is not None else ""


def of(entry: Listed, waits: Iterable[RotationWait], *, now: float) -> RotationProgress | None:
    """The rotation of this entry; None if there is none. ``waits``: those that waited for other machines at the last sync."""
    if entry.rotation is None:
        return None
    if entry.kept_until is not None:
        return RotationProgress(KEPT if entry.kept_until > now else OVER, entry.kept_until)
    wait = next((one for one in waits if (one.entry, one.key_id) == (entry.name, entry.access_key_id)), None)
    if wait is None or entry.rotation not in ("retire", "drop"):
        return RotationProgress(INTERRUPTED)
    return RotationProgress(WAITING if wait.machines and wait.until > now else DUE, wait.until, wait)


def waits(context: Context, keys: Keys) -> tuple[RotationWait, ...]:
    """The rotations that wait for other machines, as of the last sync. Most users have no remote, and need not load this."""
    if not context.has_synced(keys.vault_id):
        return ()
    from vault.remote import summary

    found = summary.read(context.paths, keys.vault_id, keys.cache_key)
    return found.rotations if found is not None else ()


def stays_active(old: str, until: str, machines: str) -> str:
    """A sentence without its end."""
    return (
        f"{old} stays active until {until} at the latest, because these machines may still use it: {machines}"
    )


def how_to_continue(name: str) -> str:
    """What the user does on the machines, and here."""
    return f"On each of them, run: awsvault-py sync; then here: {command('rotate', name)}"
