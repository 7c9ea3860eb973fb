"""Recovery codes as they are written and typed, and the slot that one opens."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault import errors
from vault.secret import Secret
from vault.store.slots.recovery import RecoverySlot, new_code, read_code, write_code

KEY = Secret(bytes(range(32)))


ID = bytes(16)


@given(st.binary(min_size=20, max_size=20).map(Secret))
def test_a_recovery_code_reads_back(code):
    """8 groups of 4 and a check character, read in any case and with any gaps."""
    text = write_code(code)
    groups = text.split("-")
    assert [len(g) for g in groups] == [4] * 8 + [1]
    for typed in (text, text.lower(), text.replace("-", ""), f"  {text.replace('-', ' ')}\n"):
        assert read_code(Secret(typed)) == code


@given(
    st.binary(min_size=20, max_size=20).map(Secret),
    st.integers(0, 32),
    st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"),
)
def test_one_wrong_character_of_a_recovery_code_is_noticed(code, at, character):
    """Before it is tried: the check character is the sum of the others."""
    typed = list(write_code(code).replace("-", ""))
    right = typed[at] == character
    typed[at] = character
    assert (read_code(Secret("".join(typed))) is None) != right


@pytest.mark.parametrize("typed", ["", "-", "U" * 33, "0" * 32, "0" * 34, "\u0660" * 33])
def test_what_is_no_recovery_code_is_none(typed):
    """Too short, too long, or of other letters."""
    assert read_code(Secret(typed)) is None
    assert read_code(Secret(b"\xff" * 33)) is None


def test_a_recovery_slot_opens_for_its_code_and_its_vault_alone():
    """The slot's id is in the key's derivation: a code of another slot does not open this one."""
    code = new_code()
    record = RecoverySlot(code).wrap(KEY, vault_id=ID)
    assert RecoverySlot(code).unwrap(record, vault_id=ID) == KEY
    for other, changed, vault_id in [
        (new_code(), record, ID),
        (code, dataclasses.replace(record, sid=bytes(8)), ID),
        (code, record, bytes(15) + b"\1"),
    ]:
        with pytest.raises(errors.NotThisSlot):
            RecoverySlot(other).unwrap(changed, vault_id=vault_id)
