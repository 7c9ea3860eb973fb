"""The passphrase that another machine has set: typed once here, it opens the bucket's file and becomes this machine's own.

A recovery code that opens the file leaves this machine's passphrase as it is. Prints nothing.
"""

from __future__ import annotations

from vault import errors, limits
from vault.errors import NotThisSlot
from vault.machines import bucket_access
from vault.remote import local_state
from vault.remote.draft import OwnSlot
from vault.store import vault
from vault.store.kdf import preset
from vault.store.slots.passphrase import PassphraseSlot
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.context import Context
    from vault.secret import Secret
    from vault.store.format import SlotRecord, VaultFile
    from vault.store.opened import Opened


class NewPassphrase:
    """Asks for it, at most once a sync. ``typed``: what opened the bucket's file, None if nobody was asked, or a code opened it.
    ``replaced``: this machine's slot and the one in its place, None if it stays.
    """

    def __init__(
        self, context: Context, opened: Opened, *, tell: Callable[[str], None] | None = None
    ) -> None:
        """``opened``: this machine's vault as a slot opened it, to know which one. ``tell``: what is being done, nothing while it asks."""
        self._context, self._slot, self._tell = context, opened.slot, tell
        self._url = safe(local_state.require(opened.payload).remote.place.url)
        self.typed: Secret | None = None
        self.replaced: OwnSlot | None = None

    def key_of(self, found: VaultFile) -> Secret:
        """K_remote by what the user types. WrongPassphrase; Locked if there is nobody to ask."""
        note = (
            f"The key of {self._url} was replaced on another machine. Type the passphrase that was chosen there: it becomes the "
            "passphrase of this machine too."
        )
        if self._tell is not None:
            self._tell("")
        try:
            key, self.typed = bucket_access.typed_key(self._context, found, note=note, or_typed=True)
        except errors.Locked as error:
            raise errors.Locked(
                f"the key of {self._url} was replaced on another machine: {error.message}", hint=error.hint
            ) from None
        return key

    def is_kept(self) -> bool:
        """Whether this machine has the new slot. A sync writes it before the bucket's file, so it may have failed after that."""
        if self.replaced is None:
            return False
        try:
            header = vault.read_header(self._context.paths)
        except errors.Error:
            return False
        return any(slot.sid == self.replaced.new.sid for slot in header.slots)

    def own_slot(self, opened: Opened) -> OwnSlot | None:
        """The slot of this machine with the new passphrase; None if it has none of a passphrase, or the new one opens it already.

        ConfigError (not enough memory), Busy.
        """
        passes = [slot for slot in opened.header.slots if slot.type == "pass" and slot.opens == "main"]
        if self.typed is None or not passes or self._opens(passes, self.typed, opened.vault_id):
            return None
        known = [slot for slot in passes if self._slot is not None and slot.sid == self._slot.sid]
        old = (known or passes)[0]
        new = self._passphrase_slot(self.typed, old).wrap(opened.k_main, vault_id=opened.vault_id)
        self.replaced = OwnSlot(old, new)
        self._slot = new  # the next one, if machines are that fast, replaces this one
        return self.replaced

    def _opens(self, passes: list[SlotRecord], passphrase: Secret, vault_id: bytes) -> bool:
        for slot in passes[: limits.MAX_PASSPHRASE_SLOTS_TRIED]:
            try:
                self._passphrase_slot(passphrase, slot).unwrap(slot, vault_id=vault_id)
            except NotThisSlot:
                continue
            return True
        return False

    def _passphrase_slot(self, passphrase: Secret, like: SlotRecord) -> PassphraseSlot:
        turn = vault.kdf_turn(self._context.paths, self._context.new_deadline())
        return PassphraseSlot(passphrase, kdf=preset(like.kdf), turn=turn)
