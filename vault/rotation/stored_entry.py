"""The vault's entry that a rotation works on. Written only if it has not changed since the run last saw it."""

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
    """Another process changed the entry during this run (11)."""

    hint = "run: awsvault-py rotate, which reads the entry again"


class EntryGone(EntryChanged):
    """Another machine removed or renamed the entry during this run (11)."""

    hint = "if its key has another name now, rotate that entry: awsvault-py list"


class StoredEntry:
    """One entry of the vault. ``entry`` and ``payload`` are what was last read or written; ``writes`` counts the writes."""

    def __init__(self, context: Context, opened: Opened, name: str) -> None:
        self._context = context
        self._k_main = opened.k_main
        self.name = name
        self.payload: Payload = opened.payload
        self.entry: Entry = opened.payload.entries[name]
        self.writes = 0
        self._writing: Entry | None = None  # what a failed write may have written all the same

    def save(self, change: Callable[[Entry], Entry]) -> None:
        """Write the entry as ``change`` returns it. Errors: those of ``write``."""
        self.write(lambda payload: payload.with_entry(self.name, change(payload.entries[self.name])))

    def write(self, change: Callable[[Payload], Payload]) -> None:
        """Write the vault's content as ``change`` returns it. EntryChanged if another process changed the entry."""

        def checked(payload: Payload) -> Payload:
            found = payload.entries.get(self.name)
            if found is None or not (_is_same(found, self.entry) or _is_same(found, self._writing)):
                raise EntryChanged(f'another process changed the entry "{safe(self.name)}"')
            changed = change(payload)
            self._writing = changed.entries[self.name]
            return changed

        after = vault.edit(
            self._context.paths,
            self._k_main,
            checked,
            clock=self._context.clock,
            deadline=self._context.new_deadline(limits.DEADLINE),
        )
        self.payload, self.entry = after.payload, after.payload.entries[self.name]
        self.writes += 1

    def read_again(self) -> bool:
        """Read the vault after a sync. Whether the entry's key is another one now. EntryGone: ``entry`` is as it was before."""
        self.payload = vault.open_with_main_key(self._context.paths, self._k_main).payload
        found = self.payload.entries.get(self.name)
        if found is None:
            raise EntryGone(f'another machine removed or renamed the entry "{safe(self.name)}"')
        same = _is_same(found, self.entry)
        self.entry = found
        return not same

    def changed(self) -> EntryChanged:
        """The error if another machine made an edit that the run cannot build on."""
        return EntryChanged(f'another machine changed the entry "{safe(self.name)}"')

    def holds(self, pair: KeyPair) -> bool:
        """Whether the vault, as it can be read now, has ``pair`` as the entry's new one."""
        try:
            found = vault.open_with_main_key(self._context.paths, self._k_main)
        except errors.Error:
            return False
        entry = found.payload.entries.get(self.name)
        return entry is not None and entry.journal is not None and entry.journal.new == pair


def _is_same(found: Entry, known: Entry | None) -> bool:
    """Whether the entry's key and journal are as the run knows them. A rotation ignores other changes."""
    return known is not None and (found.access_key_id, found.journal) == (known.access_key_id, known.journal)
