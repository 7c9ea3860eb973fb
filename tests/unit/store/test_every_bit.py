"""A vault damaged anywhere, opened by its right passphrase: exit 9 for every bit, never "wrong passphrase"."""

from __future__ import annotations

import functools
import shutil

import pytest

from tests.vaults import entry, flip, new_vault, paths_in, soon
from vault import errors
from vault.secret import Secret
from vault.store import vault
from vault.store.format import FormatError, parse_file
from vault.store.slots import passphrase as slot

PASSPHRASE = Secret("correct horse battery staple")


@pytest.fixture
def paths(tmp_path, monkeypatch):
    """A small vault that this machine has seen. Argon2 is run once for the same salt and parameters, not 40,000 times."""
    real = slot.derive

    @functools.cache
    def derive(form, params, salt):
        return real(Secret(form), params=params, salt=salt, available_kib=None)

    monkeypatch.setattr(
        slot, "derive", lambda form, *, params, salt, available_kib: derive(form.reveal(), params, salt)
    )
    paths = paths_in(tmp_path)
    opened = new_vault(paths)
    vault.edit(paths, opened.k_main, lambda p: p.with_entry("a", entry()), deadline=soon())
    return paths


def exit_code(paths, raw):
    """What opening ``raw`` in the vault's place comes to."""
    with open(paths.vault, "wb") as file:
        file.write(raw)
    try:
        vault.open_with_passphrase(paths, PASSPHRASE, deadline=soon())
    except errors.Error as error:
        return error.exit_code
    return 0


def flipped(raw, at, bit):
    changed = bytearray(raw)
    changed[at] ^= 1 << bit
    return bytes(changed)


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.long)])
def test_every_bit_of_the_header_and_some_behind_it(paths, every):
    """The id, the slot's salt and its wrapped key too, which alone look like a wrong passphrase; or one bit in seven.

    test_golden.py has every bit of a vault by its main key; here is what the passphrase's way makes of them.
    """
    with open(paths.vault, "rb") as file:
        raw = file.read()
    assert exit_code(paths, raw) == 0
    header = 12 + int.from_bytes(raw[8:12], "big")
    still_headers = 0
    for at in range(header):
        for bit in range(at % every, 8, every):
            changed = flipped(raw, at, bit)
            try:
                parse_file(changed)
            except FormatError:
                if bit != at % 8:  # each is the same refusal: one a byte goes the whole way
                    continue
            else:
                still_headers += 1
            assert exit_code(paths, changed) == 9, (at, bit)
    assert still_headers > 300 // every
    for at in range(header, len(raw), 7 * every):
        assert exit_code(paths, flipped(raw, at, at % 8)) == 9, at


def test_truncations(paths):
    """A file that is cut anywhere, or empty."""
    with open(paths.vault, "rb") as file:
        raw = file.read()
    for length in [*range(16), *range(16, len(raw), 17), len(raw) - 1]:
        assert exit_code(paths, raw[:length]) == 9, length


def test_a_wrong_passphrase_for_another_vault_is_no_damage(paths, tmp_path):
    """A second vault of this machine that has no pin yet: a wrong passphrase is just that."""
    other = paths_in(tmp_path / "other")
    new_vault(other, passphrase="another passphrase than that")
    with open(other.vault, "rb") as file:
        raw = file.read()
    assert exit_code(paths, raw) == 4


def test_a_machine_that_has_seen_no_vault_has_nothing_to_say(paths):
    """Without a state folder there is no pin, and so no alarm."""
    shutil.rmtree(paths.state)
    vault.check_seen(paths)


def test_the_id_is_named(paths):
    """What was damaged is said, and where the copies are."""
    with open(paths.vault, "rb") as file:
        raw = file.read()
    with open(paths.vault, "wb") as file:
        file.write(flip(raw, raw.index(b'"id":"') + 6, letter=True))
    with pytest.raises(errors.Damaged, match="except for the ID in its header") as caught:
        vault.open_with_passphrase(paths, PASSPHRASE, deadline=soon())
    assert "awsvault-py restore" in caught.value.hint
