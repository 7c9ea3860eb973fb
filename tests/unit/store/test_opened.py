"""An open vault as a value: its keys, and what its text does not show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.vaults import entry, new_vault, paths_in, soon
from vault.crypto.seal import hkdf
from vault.secret import Secret
from vault.store import vault


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


def test_the_key_of_the_ledgers_outlives_the_main_key(paths):
    """A rekey keeps it in the payload, so that a code that was used stays used; without one there, the main key gives it."""
    opened = new_vault(paths)
    other = replace(opened, k_main=Secret(b"k" * 32))
    assert other.ledger_key.reveal() != opened.ledger_key.reveal()
    kept = replace(other, payload=replace(opened.payload, ledger_key=opened.ledger_key))
    assert kept.ledger_key.reveal() == opened.ledger_key.reveal()


def test_the_key_of_the_ledgers_is_none_of_the_others(paths):
    """It is derived for them alone, always in the same way: another way would forget which codes were used."""
    opened = new_vault(paths)
    assert opened.ledger_key.reveal() == hkdf(opened.k_main, info=b"ledger")
    keys = {opened.ledger_key.reveal(), opened.cache_key.reveal(), opened.k_main.reveal()}
    assert len(keys) == 3


def test_its_text_has_no_secret(paths):
    """In a traceback or a log."""
    opened = vault.edit(
        paths, new_vault(paths).k_main, lambda payload: payload.with_entry("a", entry()), deadline=soon()
    )
    assert "wJalrXUtnFEMI" not in repr(opened)
    for key in (opened.k_main, opened.cache_key):
        assert repr(key.reveal()) not in repr(opened)
        assert key.reveal().hex() not in repr(opened)


def test_what_the_header_says(paths):
    """Its ID and generation are those of the file."""
    opened = new_vault(paths)
    assert (opened.vault_id, opened.header.gen) == (opened.file.header.vault_id, 1)
