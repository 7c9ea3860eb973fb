"""The ``recovery`` slot: 160 random bits on paper, typed with a check character (format.md 4)."""

from __future__ import annotations

import os

from vault.crypto.seal import hkdf
from vault.secret import Secret
from vault.store.format import Group, SlotRecord, SlotType
from vault.store.slots import Slot, new_sid, unwrap_key, wrap_key

CODE = 20
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: no I, L, O, U
_CHARACTERS = CODE * 8 // 5
_GROUP = 4
_INFO = b"awsvault/v1/recovery\0"
# Characters that are easily misread (Crockford), and those that users write between groups.
_READ_AS = str.maketrans(
    {"O": "0", "I": "1", "L": "1", "-": None, " ": None, "\t": None, "\n": None, "\r": None}
)


def new_code() -> Secret:
    """20 random bytes."""
    return Secret(os.urandom(CODE))


def write_code(code: Secret) -> str:
    """The code as text: 8 groups of 4 characters and one check character. Show it once."""
    number = int.from_bytes(code.reveal(), "big")
    values = [number >> 5 * i & 31 for i in reversed(range(_CHARACTERS))]
    text = "".join(_ALPHABET[v] for v in values)
    groups = [text[i : i + _GROUP] for i in range(0, _CHARACTERS, _GROUP)]
    return "-".join([*groups, _ALPHABET[sum(values) % 32]])


def read_code(text: Secret) -> Secret | None:
    """The code that was typed, in any case and with any separators. None if its check character does not match."""
    try:
        typed = text.reveal_text().upper().translate(_READ_AS)
    except UnicodeDecodeError:
        return None
    values = [_ALPHABET.find(c) for c in typed]
    if len(values) != _CHARACTERS + 1 or min(values) < 0 or sum(values[:-1]) % 32 != values[-1]:
        return None
    number = 0
    for value in values[:-1]:
        number = number << 5 | value
    return Secret(number.to_bytes(CODE, "big"))


class RecoverySlot(Slot):
    """A recovery code's bytes."""

    type: SlotType = "recovery"

    def __init__(self, code: Secret) -> None:
        self._code = code

    def unwrap(self, record: SlotRecord, *, vault_id: bytes) -> Secret:
        """The wrapped key. NotThisSlot if this is another code."""
        return unwrap_key(self._kek(record, vault_id), record, vault_id=vault_id)

    def wrap(self, key: Secret, *, vault_id: bytes, opens: Group = "main") -> SlotRecord:
        """A new slot for this code."""
        record = SlotRecord(type=self.type, sid=new_sid(), opens=opens, wrap=b"")
        return wrap_key(self._kek(record, vault_id), record, vault_id=vault_id, key=key)

    def _kek(self, record: SlotRecord, vault_id: bytes) -> Secret:
        return Secret(hkdf(self._code, salt=vault_id, info=_INFO + record.sid))
