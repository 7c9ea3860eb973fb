"""The ``pass`` slot: a passphrase through Argon2id."""

from __future__ import annotations

import os
from contextlib import nullcontext

from vault.errors import NotThisSlot
from vault.store.format import KDF_SALT, Group, SlotRecord, SlotType
from vault.store.kdf import DEFAULT, KdfParams, derive, new_passphrase, normalized, preload
from vault.store.slots import Slot, new_sid, unwrap_key, wrap_key
from vault.system.memory import available_kib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from vault.secret import Secret


class PassphraseSlot(Slot):
    """A passphrase as it was typed. ``turn`` is held while Argon2 runs: a hundred at once would need 6.4 GiB."""

    type: SlotType = "pass"

    def __init__(
        self,
        passphrase: Secret,
        *,
        kdf: KdfParams = DEFAULT,
        turn: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._passphrase = passphrase
        self._kdf = kdf
        self._turn = turn

    def unwrap(self, record: SlotRecord, *, vault_id: bytes) -> Secret:
        """The wrapped key. NotThisSlot for a wrong passphrase, ConfigError if there is not enough memory."""
        form = normalized(self._passphrase)
        if form is None or record.kdf is None or record.salt is None:
            raise NotThisSlot("not a passphrase")
        return unwrap_key(self._derive(form, record.kdf, record.salt), record, vault_id=vault_id)

    def wrap(self, key: Secret, *, vault_id: bytes, opens: Group = "main") -> SlotRecord:
        """A new slot, with awsvault-py's parameters. Usage if the passphrase is too short or too long."""
        form = new_passphrase(self._passphrase)
        salt = os.urandom(KDF_SALT)
        record = SlotRecord(type=self.type, sid=new_sid(), opens=opens, wrap=b"", kdf=self._kdf, salt=salt)
        return wrap_key(self._derive(form, self._kdf, salt), record, vault_id=vault_id, key=key)

    def _derive(self, form: Secret, kdf: KdfParams, salt: bytes) -> Secret:
        preload()
        with self._turn():
            return derive(form, params=kdf, salt=salt, available_kib=available_kib())
