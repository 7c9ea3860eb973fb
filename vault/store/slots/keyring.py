"""The ``keyring`` slot: a key in the keyring of one machine, which opens the vault without a prompt."""

from __future__ import annotations

import os
from time import monotonic

from vault import limits
from vault.crypto.seal import b64u, unb64u
from vault.errors import NotThisSlot
from vault.secret import Secret
from vault.store.format import Group, SlotRecord, SlotType
from vault.store.slots import Slot, new_sid, unwrap_key, wrap_key
from vault.system import keyring
from vault.system.keyring import KeyringUnavailable
from vault.system.machine import host_name

_VERSION = "v1"
_KEY = 32


class KeyringSlot(Slot):
    """The keyring of this machine. ``seconds`` is for all its calls together; ``gen`` is the generation recorded in a
    new item.
    """

    type: SlotType = "keyring"

    def __init__(
        self, *, seconds: float = limits.KEYRING_TIMEOUT, host: str | None = None, gen: int = 0
    ) -> None:
        self._end = monotonic() + seconds
        self._host = host_name() if host is None else host
        self._gen = gen
        self.known_gen = 0

    def unwrap(self, record: SlotRecord, *, vault_id: bytes) -> Secret:
        """The wrapped key. NotThisSlot has the keyring's reason: none, locked, too slow, no item of this slot."""
        kek, self.known_gen = self._item(record, vault_id)
        return unwrap_key(kek, record, vault_id=vault_id)

    def wrap(self, key: Secret, *, vault_id: bytes, opens: Group = "main") -> SlotRecord:
        """A new item and its slot. NotThisSlot if the keyring does not store it."""
        host = self._host[: limits.MAX_SLOT_HOST]
        record = SlotRecord(type=self.type, sid=new_sid(), opens=opens, wrap=b"", host=host)
        kek = Secret(os.urandom(_KEY))
        self._put(record, vault_id, kek, self._gen)
        return wrap_key(kek, record, vault_id=vault_id, key=key)

    def remember(self, record: SlotRecord, *, vault_id: bytes, gen: int) -> None:
        """Raise the generation in the item to ``gen``, if the keyring does so in the time left."""
        try:
            kek, _ = self._item(record, vault_id)
            self._put(record, vault_id, kek, gen)
        except NotThisSlot:
            return
        self.known_gen = gen

    def forget(self, record: SlotRecord, *, vault_id: bytes) -> None:
        """Delete the item. NotThisSlot if the keyring does not delete it."""
        try:
            keyring.delete(_user(record, vault_id), seconds=self._left())
        except KeyringUnavailable as reason:
            raise NotThisSlot(str(reason)) from None

    def _item(self, record: SlotRecord, vault_id: bytes) -> tuple[Secret, int]:
        try:
            text = keyring.get(_user(record, vault_id), seconds=self._left())
        except KeyringUnavailable as reason:
            raise NotThisSlot(str(reason)) from None
        if text is None:
            raise NotThisSlot("no item for this vault")
        version, _, rest = text.partition(":")
        key, _, gen = rest.partition(":")
        try:
            kek = unb64u(key)
        except ValueError:
            kek = b""
        if version != _VERSION or len(kek) != _KEY or not (gen.isascii() and gen.isdigit() and len(gen) < 17):
            raise NotThisSlot("its item is not valid")
        return Secret(kek), int(gen)

    def _put(self, record: SlotRecord, vault_id: bytes, kek: Secret, gen: int) -> None:
        text = f"{_VERSION}:{b64u(kek.reveal())}:{gen}"
        try:
            keyring.put(_user(record, vault_id), text, seconds=self._left())
        except KeyringUnavailable as reason:
            raise NotThisSlot(str(reason)) from None

    def _left(self) -> float:
        return max(0.0, self._end - monotonic())


def _user(record: SlotRecord, vault_id: bytes) -> str:
    return f"{b64u(vault_id)}/{record.name}"
