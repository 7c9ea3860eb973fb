"""The slot that a passphrase opens."""

from __future__ import annotations

import dataclasses

import pytest

from tests.vaults import CHEAP
from vault import errors
from vault.secret import Secret
from vault.store.kdf import KdfParams, new_passphrase, normalized
from vault.store.slots.passphrase import PassphraseSlot

KEY = Secret(bytes(range(32)))


ID = bytes(16)


GOOD = Secret("correct horse battery staple")


@pytest.mark.parametrize("typed", [b"", b"short", b"11 bytes ..", b"x" * 1025, b"\xff" * 20])
def test_what_cannot_be_a_passphrase_opens_nothing_and_is_not_taken(typed):
    """Under 12 bytes, over 1,024, or no UTF-8: NotThisSlot where it is tried, Usage where it is chosen."""
    record = PassphraseSlot(GOOD, kdf=CHEAP).wrap(KEY, vault_id=ID)
    assert normalized(Secret(typed)) is None
    with pytest.raises(errors.NotThisSlot):
        PassphraseSlot(Secret(typed)).unwrap(record, vault_id=ID)
    with pytest.raises(errors.Usage):
        new_passphrase(Secret(typed))


def test_a_passphrase_slot_opens_for_its_passphrase_alone():
    """The same key comes back; another passphrase, vault or record is NotThisSlot."""
    record = PassphraseSlot(GOOD, kdf=CHEAP).wrap(KEY, vault_id=ID)
    assert PassphraseSlot(GOOD).unwrap(record, vault_id=ID) == KEY
    changes = [
        (Secret("correct horse battery stapler"), record, ID),
        (GOOD, record, bytes(15) + b"\1"),
        (GOOD, dataclasses.replace(record, opens="strict"), ID),
        (GOOD, dataclasses.replace(record, sid=bytes(8)), ID),
        (GOOD, dataclasses.replace(record, salt=bytes(16)), ID),
        (GOOD, dataclasses.replace(record, kdf=KdfParams(19_456, 3, 1)), ID),
    ]
    for passphrase, changed, vault_id in changes:
        with pytest.raises(errors.NotThisSlot):
            PassphraseSlot(passphrase).unwrap(changed, vault_id=vault_id)
