"""Commands for keys, slots and backups whose passphrase a user types: wrong first, then right."""

from __future__ import annotations

import os

import pytest

from tests.home import PASSPHRASE, failed
from tests.terminal_user import Terminal

SECOND = "sunday gravel orchard mitten"


@pytest.fixture
def home(home):
    home.make_vault()
    return home


def typed(home, *arguments):
    """A run whose passphrase is mistyped once."""
    person = Terminal(home, *arguments)
    person.answers("Passphrase: ", "not the passphrase at all")
    person.answers("Passphrase: ", PASSPHRASE)
    return person


def test_rekey_by_a_typed_passphrase(home):
    """The new master keys are wrapped by the passphrase that was typed; three wrong ones end it."""
    person = typed(home, "rekey")
    assert person.ends() == 0, person.shown
    assert home.run("list").returncode == 0
    person = Terminal(home, "rekey")
    for _ in range(3):
        person.answers("Passphrase: ", "not the passphrase at all")
    assert person.ends() == 4


def test_a_second_passphrase_is_added_and_taken_away(home):
    """It opens the vault, and does not after it was removed."""
    person = Terminal(home, "slots", "add", "passphrase")
    person.answers("Passphrase: ", PASSPHRASE)
    person.new_passphrase("aaaabbbbcccc")
    assert person.ends() == 0
    assert "passphrase is weak" in person.shown
    assert home.run("list", AWSVAULT_PASSPHRASE="aaaabbbbcccc").returncode == 0
    name = home.run("slots", "list").stdout.splitlines()[-1].split("\t")[0]
    person = typed(home, "slots", "remove", name)
    person.answers("[y/N] ", "y")
    assert person.ends() == 0, person.shown
    failed(home.run("list", AWSVAULT_PASSPHRASE="aaaabbbbcccc"), 4)


def test_a_backup_is_put_back_by_the_passphrase_it_had(home):
    """It is typed for the backup, since the vault that lies there may have another."""
    copy = os.path.join(home.root, "copy.avlt")
    assert home.run("backup", copy).returncode == 0
    person = Terminal(home, "passwd")
    person.answers("Passphrase: ", PASSPHRASE)
    person.new_passphrase(SECOND)
    assert person.ends() == 0
    person = typed(home, "restore", copy, "--accept")
    person.answers("[y/N] ", "y")
    assert person.ends() == 0, person.shown
    assert home.run("list").returncode == 0
    failed(home.run("list", AWSVAULT_PASSPHRASE=SECOND), 4)


def test_the_old_passphrase_is_not_a_new_one(home):
    """passwd refuses it and changes nothing; rekey is what keeps a passphrase."""
    with open(home.file("vault.avlt"), "rb") as file:
        before = file.read()
    done = home.run("passwd", "--stdin", "--yes", stdin=PASSPHRASE)
    failed(done, 2, "this passphrase already unlocks the vault", "awsvault-py rekey")
    with open(home.file("vault.avlt"), "rb") as file:
        assert file.read() == before
