"""rekey: the passphrase is typed, what cannot be kept is asked about, and what else ends with the old keys is said."""

from __future__ import annotations

import os

import pytest

from tests.fakes.example import KEY_ID, SECRET
from tests.home import PASSPHRASE, failed
from tests.terminal_user import Terminal
from tests.vaults import new_vault
from vault.secret import Secret
from vault.store.slots.recovery import RecoverySlot
from vault.system.paths import from_env

OWN = "sunday gravel orchard mitten"


@pytest.fixture
def plaintext_home(home):
    """A home with one key in plaintext."""
    home.config("[profile shared-services]\nregion = us-east-1\n")
    path = os.path.join(os.path.dirname(home.config_path), "credentials")
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(f"[shared-services]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")
    return home


def typed(home, *arguments):
    """A run whose passphrase is mistyped once."""
    person = Terminal(home, *arguments)
    person.answers("Passphrase: ", "not the passphrase at all")
    person.answers("Passphrase: ", PASSPHRASE)
    return person


def test_rekey_by_a_typed_passphrase(home):
    """The new master keys are wrapped by the passphrase that was typed; three wrong ones end it."""
    home.make_vault()
    person = typed(home, "rekey")
    assert person.ends() == 0, person.shown
    assert home.run("list").returncode == 0
    person = Terminal(home, "rekey")
    for _ in range(3):
        person.answers("Passphrase: ", "not the passphrase at all")
    assert person.ends() == 4


def test_a_rekey_asks_about_the_slots_that_it_cannot_keep(home, here):
    """A recovery code is shown on a terminal only: without one the slot is lost, and a no keeps all as it was."""
    new_vault(from_env(home.env), others=[RecoverySlot(Secret(bytes(20)))])
    refused = here(home, "rekey")
    assert refused.returncode == 10
    assert "--yes" in refused.stderr
    done = here(home, "rekey", "--yes")
    assert done.returncode == 0, done.stderr
    assert "master keys were replaced" in done.stderr
    assert here(home, "slots", "list").stdout.count("\n") == 1


def test_a_log_that_cannot_be_taken_along_is_no_hindrance_and_is_told(home, here):
    """The keys are new either way; why the log of before is lost is said."""
    home.make_vault()
    log = from_env(home.env).log
    os.makedirs(os.path.dirname(log), mode=0o700, exist_ok=True)
    os.symlink("/nowhere/at/all", log)
    done = here(home, "rekey")
    assert done.returncode == 0, done.stderr
    assert "master keys were replaced" in done.stderr
    assert f"The old log can no longer be read; a new one was started: {log}" in done.stderr
    assert here(home, "list").returncode == 0


def test_new_master_keys_end_the_undo_and_say_so_first(plaintext_home):
    """rekey and passwd warn while the last import can be undone, and not again afterwards."""
    ends = "`awsvault-py import --undo` can no longer undo your last import"
    assert plaintext_home.run("import", "--yes").returncode == 0
    failed(plaintext_home.run("rekey"), 10, "cancelled")
    done = plaintext_home.run("passwd", "--stdin", "--yes", stdin=OWN)
    assert done.returncode == 0, done.stderr
    assert done.stderr.index(ends) < done.stderr.index("The passphrase was changed.")
    again = plaintext_home.run("passwd", "--stdin", "--yes", stdin=OWN + "!", AWSVAULT_PASSPHRASE=OWN)
    assert (again.returncode, ends in again.stderr) == (0, False), again.stderr
    failed(
        plaintext_home.run("import", "--undo", "--yes", AWSVAULT_PASSPHRASE=OWN + "!"),
        10,
        "this import can no longer be undone",
    )
