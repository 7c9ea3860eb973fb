"""clear: what is forgotten, and what lives on."""

from __future__ import annotations

import os

import pytest

from tests.home import failed
from tests.terminal_user import Terminal

pytestmark = pytest.mark.usefixtures("unmeasured", "clock")


def ready(home, aws):
    home.scenario()
    home.make_vault()
    return home.export("dev"), home.export("prod")


def test_clear_of_a_profile_forgets_its_chain(home, aws):
    """The next export of dev calls AWS again, prod goes on with its own session."""
    dev, prod = ready(home, aws)
    done = home.run("clear", "dev")
    assert (done.returncode, done.stdout) == (0, "")
    assert "2 cached sessions of dev" in done.stderr
    aws.world.offset = 60
    assert home.export("prod") == prod
    calls = len(list(aws.calls))
    assert home.export("dev", AWSVAULT_PASSPHRASE=home.env["AWSVAULT_PASSPHRASE"]) != dev
    assert len(list(aws.calls)) == calls + 2


def test_clear_leaves_sign_ins(home, aws):
    """They are no sessions: only logout, panic and you end them."""
    ready(home, aws)
    left = os.path.join(home.file("signins"), "0" * 40)
    os.mkdir(home.file("signins"), 0o700)
    with open(left, "wb"):
        pass
    assert home.run("clear").returncode == 0
    assert os.path.exists(left)


def test_clear_without_a_name_deletes_the_files(home, aws):
    """No session file is left, the vault has a new cache key, and an export works as on the first day."""
    ready(home, aws)
    assert [n for n in os.listdir(home.file("sessions")) if not n.endswith(".lock")]
    done = home.run("clear")
    assert done.returncode == 0, done.stderr
    assert "all cached sessions" in done.stderr
    assert [n for n in os.listdir(home.file("sessions")) if len(n) == 40] == []
    assert home.export("dev")["AccountId"] == "222222222222"


def test_old_files_put_back_are_not_read(home, aws):
    """The cache key is replaced, so that a copy made before cannot bring an old session back."""
    ready(home, aws)
    folder = home.file("sessions")
    copies = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            copies[name] = file.read()
    assert home.run("clear").returncode == 0
    for name, content in copies.items():
        with open(os.path.join(folder, name), "wb", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write(content)
    calls = len(list(aws.calls))
    home.export("prod")
    assert len(list(aws.calls)) > calls


def test_clear_needs_no_passphrase_to_delete(home, aws):
    """In a hurry the files go at once, and it is said that the key stayed."""
    ready(home, aws)
    done = home.run("clear", AWSVAULT_PASSPHRASE=None)
    assert done.returncode == 0
    assert "could not be unlocked without a prompt. To replace it too, put the passphrase" in done.stderr
    assert [n for n in os.listdir(home.file("sessions")) if len(n) == 40] == []


def test_clear_asks_for_nothing(home, aws):
    """Also at a terminal: what it can delete, it deletes."""
    ready(home, aws)
    user = Terminal(home, "clear", AWSVAULT_PASSPHRASE=None)
    assert user.ends() == 0
    assert "Passphrase" not in user.shown


def test_clear_of_an_unknown_profile(home):
    """Exit 5 with the nearest name."""
    home.scenario()
    home.make_vault()
    failed(home.run("clear", "prd"), 5, "did you mean prod?")


def test_clear_with_nothing_there(home):
    """Nothing to forget is no error, and makes no vault."""
    done = home.run("clear")
    assert done.returncode == 0
    assert "no cached session" in done.stderr
    assert not os.path.exists(home.file("vault.avlt"))
