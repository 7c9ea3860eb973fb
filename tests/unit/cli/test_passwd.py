"""passwd: which new passphrases are taken."""

from __future__ import annotations

import pytest

from tests.home import PASSPHRASE, failed


@pytest.fixture
def home(home):
    home.make_vault()
    return home


def test_the_old_passphrase_is_not_a_new_one(home):
    """passwd refuses it and changes nothing; rekey is what keeps a passphrase."""
    with open(home.file("vault.avlt"), "rb") as file:
        before = file.read()
    done = home.run("passwd", "--stdin", "--yes", stdin=PASSPHRASE)
    failed(done, 2, "this passphrase already unlocks the vault", "awsvault-py rekey")
    with open(home.file("vault.avlt"), "rb") as file:
        assert file.read() == before


def test_a_weak_new_passphrase_is_taken_with_a_word(home, here):
    """As at the start: the person decides."""
    done = here(home, "passwd", "--stdin", "--yes", stdin="password1234\n")
    assert done.returncode == 0, done.stderr
    assert "Warning: the new passphrase is weak: " in done.stderr
    assert here(home, "list", AWSVAULT_PASSPHRASE="password1234").returncode == 0
