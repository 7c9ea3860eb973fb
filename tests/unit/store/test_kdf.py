"""Key derivation within bounds, in its turn, on a machine that may not have the memory."""

from __future__ import annotations

import contextlib
import sys
import time

import argon2
import argon2.low_level
import pytest
from argon2.exceptions import HashingError

from tests.vaults import CHEAP
from vault import errors
from vault.secret import Secret
from vault.store import kdf
from vault.store.kdf import KdfError, KdfParams, derive
from vault.store.slots.passphrase import PassphraseSlot
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


def test_what_argon2_needs_is_imported_before_the_turn(monkeypatch):
    """Others wait for as long as the turn lasts."""
    monkeypatch.setattr(argon2, "low_level", argon2.low_level)  # put back after the import of another
    monkeypatch.delitem(sys.modules, "argon2.low_level")
    imported = []

    @contextlib.contextmanager
    def turn():
        imported.append("argon2.low_level" in sys.modules)
        yield

    PassphraseSlot(GOOD, kdf=CHEAP, turn=turn).wrap(KEY, vault_id=ID)
    assert imported == [True]


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


def test_a_machine_that_gives_no_memory_says_so(monkeypatch):
    """Argon2 itself could not have it, whatever the machine had promised."""

    def refuse(*_args, **_more):
        raise HashingError("Memory allocation error")

    monkeypatch.setattr("argon2.low_level.hash_secret_raw", refuse)
    with pytest.raises(errors.ConfigError, match="the system refused"):
        derive(Secret("correct horse"), params=CHEAP, salt=bytes(16), available_kib=None)
