"""init: a vault is created once, and only under a passphrase that can protect it."""

from __future__ import annotations

import os

import pytest

from tests.home import failed

pytestmark = pytest.mark.usefixtures("inside")


def vault_bytes(home):
    with open(home.file("vault.avlt"), "rb") as file:
        return file.read()


def test_init_makes_a_vault_once(home):
    """A second init is exit 10 and leaves the vault's bytes alone."""
    assert home.run("init").returncode == 0
    before = vault_bytes(home)
    failed(home.run("init"), 10, "already")
    assert vault_bytes(home) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [("short", "5 characters"), ("\u00fc" * 11, "11 characters"), ("x" * 1025, "1025 bytes")],
)
def test_a_passphrase_too_short_or_long_makes_no_vault(home, words, said):
    """A passphrase needs 12 characters as a user counts them."""
    failed(home.run("init", AWSVAULT_PASSPHRASE=words), 2, said)
    assert not os.path.exists(home.file("vault.avlt"))


def test_a_weak_passphrase_is_taken_with_a_word(home):
    """A warning, no refusal: it is the person's vault."""
    done = home.run("init", AWSVAULT_PASSPHRASE="password1234")
    assert done.returncode == 0
    assert "the passphrase is weak" in done.stderr


def test_kdf_strong_is_kept_in_the_slot(home):
    """--kdf strong makes a slot of 256 MiB."""
    assert home.run("init", "--kdf", "strong").returncode == 0
    assert b'"m":262144' in vault_bytes(home)
