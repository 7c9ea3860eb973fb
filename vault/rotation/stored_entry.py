"""The entry that a rotation works on, as the vault keeps it: written only while it is still what the run saw last."""

from __future__ import annotations

from vault import errors, limits
from vault.store import vault
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.context import Context
    from vault.store.vault import Entry, KeyPair, Opened, Payload


class EntryChanged(errors.RotationStopped):
    """Another process changed the entry in the middle of this run (11)."""

    hint = "run: awsvault-py rotate, which looks anew"


class StoredEntry:
    """One entry of the vault. ``entry`` is what was read or written last."""

    def __init__(self, context: Context, opened: Opened, name: str) -> None:
        self._context = context
        self._k_main = opened.k_main
        self._name = name
        self.entry: Entry = opened.payload.entries[name]
        self._writing: Entry | None = None  # what a write that failed may have put in place all the same

    def save(self, change: Callable[[Entry], Entry]) -> None:
        """Write the entry as ``change`` makes it. Errors: those of ``write``."""
        self.write(lambda payload: payload.with_entry(self._name, change(payload.entries[self._name])))

    def write(self, change: Callable[[Payload], Payload]) -> None:
        """Write the vault's content as ``change`` makes it. Changed where another process was at the entry."""

        def checked(payload: Payload) -> Payload:
            found = payload.entries.get(self._name)
            if found is None or not (_is_same(found, self.entry) or _is_same(found, self._writing)):
                raise EntryChanged(f'the entry "{safe(self._name)}" was changed by another process')
            changed = change(payload)
            self._writing = changed.entries[self._name]
            return changed

        after = vault.edit(
            self._context.paths,
            self._k_main,
            checked,
            clock=self._context.clock,
            deadline=self._context.new_deadline(limits.DEADLINE),
        )
        self.entry = after.payload.entries[self._name]

    def holds(self, pair: KeyPair) -> bool:
        """Whether the vault, as it can be read now, holds ``pair`` as the entry's new one."""
        try:
            found = vault.open_with_main_key(self._context.paths, self._k_main)
        except errors.Error:
            return False
        entry = found.payload.entries.get(self._name)
        return entry is not None and entry.journal is not None and entry.journal.new == pair


def _is_same(found: Entry, known: Entry | None) -> bool:
    """Whether a rotation finds the entry as it knows it. What other commands change in it is none of its business."""
    return known is not None and (found.access_key_id, found.journal) == (known.access_key_id, known.journal)
