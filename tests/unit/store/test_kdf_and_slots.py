"""Key derivation within bounds, and the slots that need no keyring."""

from __future__ import annotations

import dataclasses
import time

import pytest
from argon2.exceptions import HashingError
from hypothesis import given
from hypothesis import strategies as st

from tests.vaults import CHEAP, entry, new_vault, paths_in, soon
from vault import errors
from vault.secret import Secret
from vault.store import kdf, vault
from vault.store.format import Ext, SlotRecord
from vault.store.kdf import KdfError, KdfParams, derive, new_passphrase, normalised
from vault.store.slots import unwrap_key, wrap_key
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot, new_code, read_code, write_code
from vault.system import memory

KEY = Secret(bytes(range(32)))
ID = bytes(16)
GOOD = Secret("correct horse battery staple")


def test_the_defaults_are_those_of_the_format():
    """Never lower than RFC 9106's second choice; strong has four times its memory."""
    assert kdf.DEFAULT == (65_536, 3, 4)
    assert kdf.STRONG == (262_144, 3, 4)
    assert PassphraseSlot(GOOD).wrap(KEY, vault_id=ID).kdf == kdf.DEFAULT


@pytest.mark.parametrize(
    "params", [(67_108_864, 3, 4), (19_455, 3, 1), (65_536, 0, 4), (65_536, 17, 4), (65_536, 3, 17)]
)
def test_parameters_out_of_bounds_cost_nothing(params):
    """Refused at once, before a byte is allocated."""
    before = time.perf_counter()
    with pytest.raises(KdfError, match="limit"):
        derive(GOOD, params=KdfParams(*params), salt=bytes(16), available_kib=None)
    assert time.perf_counter() - before < 1  # Argon2 of 64 GiB would take minutes, or the machine


def test_half_of_the_available_memory_is_the_most():
    """A slot within the format's bounds can still be too big for this machine: it says so, and what helps."""
    derive(GOOD, params=CHEAP, salt=bytes(16), available_kib=2 * CHEAP.memory_kib)
    with pytest.raises(errors.ConfigError, match=r"19456 KiB .* 38911 KiB are available") as caught:
        derive(GOOD, params=CHEAP, salt=bytes(16), available_kib=2 * CHEAP.memory_kib - 1)
    assert "another slot" in caught.value.hint


def test_the_machine_says_how_much_memory_it_has():
    """Some, and less than a petabyte: the unit is KiB."""
    found = memory.available_kib()
    assert found is not None
    assert 1024 < found < 2**40


@pytest.mark.parametrize("typed", [b"", b"short", b"11 bytes ..", b"x" * 1025, b"\xff" * 20])
def test_what_cannot_be_a_passphrase_opens_nothing_and_is_not_taken(typed):
    """Under 12 bytes, over 1,024, or no UTF-8: NotThisSlot where it is tried, Usage where it is chosen."""
    record = PassphraseSlot(GOOD, kdf=CHEAP).wrap(KEY, vault_id=ID)
    assert normalised(Secret(typed)) is None
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


def test_argon2_runs_inside_its_turn():
    """The turn is held while the work is done, and let go after."""
    from contextlib import contextmanager

    seen = []

    @contextmanager
    def turn():
        seen.append("in")
        yield
        seen.append("out")

    slot = PassphraseSlot(GOOD, kdf=CHEAP, turn=turn)
    slot.unwrap(slot.wrap(KEY, vault_id=ID), vault_id=ID)
    assert seen == ["in", "out"] * 2


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


def test_an_ext_slot_is_skipped_and_kept(tmp_path):
    """A helper's slot opens nothing here; the vault opens by another slot, and a change keeps the helper's."""
    paths = paths_in(tmp_path)
    opened = new_vault(paths)
    blank = SlotRecord(type="ext", sid=bytes(8), opens="main", wrap=b"", ext=Ext(name="age", data=b"x"))
    helper = wrap_key(KEY, blank, vault_id=opened.vault_id, key=opened.k_main)
    vault.rewrite(
        paths,
        opened.k_main,
        lambda draft, _: dataclasses.replace(draft, slots=(helper, *draft.slots)),
        deadline=soon(),
    )
    again = vault.open_with_passphrase(paths, GOOD, deadline=soon())
    assert again.slot is not None
    assert again.slot.type == "pass"
    with pytest.raises(errors.WrongPassphrase):
        vault.open_with_passphrase(paths, Secret("another passphrase altogether"), deadline=soon())
    vault.edit(paths, again.k_main, lambda payload: payload.with_entry("a", entry()), deadline=soon())
    kept = vault.read_header(paths).slots[0]
    assert kept == helper
    assert unwrap_key(KEY, kept, vault_id=opened.vault_id) == opened.k_main


def test_a_machine_that_gives_no_memory_says_so(monkeypatch):
    """Argon2 itself could not have it, whatever the machine had promised."""

    def refuse(*_args, **_more):
        raise HashingError("Memory allocation error")

    monkeypatch.setattr("argon2.low_level.hash_secret_raw", refuse)
    with pytest.raises(errors.ConfigError, match="the system refused"):
        derive(Secret("correct horse"), params=CHEAP, salt=bytes(16), available_kib=None)
