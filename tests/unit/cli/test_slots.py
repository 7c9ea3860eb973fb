"""slots: what adds, removes and keeps ways to unlock the vault."""

from __future__ import annotations

import os

import pytest

from tests.home import PASSPHRASE, failed
from tests.terminal_user import Terminal
from tests.vaults import new_vault
from vault.secret import Secret
from vault.store.slots import new_sid, recovery
from vault.store.slots.recovery import RecoverySlot
from vault.system.paths import from_env


def typed(home, *arguments):
    """A run whose passphrase is mistyped once."""
    person = Terminal(home, *arguments)
    person.answers("Passphrase: ", "not the passphrase at all")
    person.answers("Passphrase: ", PASSPHRASE)
    return person


def test_a_second_passphrase_is_added_and_taken_away(home):
    """It opens the vault, and does not after it was removed."""
    home.make_vault()
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


@pytest.mark.parametrize(
    ("called", "way"),
    [("yubikey", "fido2"), ("FIDO", "fido2"), ("password", "passphrase"), ("code", "recovery")],
)
def test_a_way_by_another_name_is_found(home, here, called, way):
    """Other programs call it so. Capitals do not matter."""
    failed(
        here(home, "slots", "add", called),
        2,
        f'there is no slot kind "{called}"\n',
        f"run: awsvault-py slots add {way}\n",
    )
    failed(here(home, "slots", "add", way.upper()), 5, "there is no vault")


@pytest.mark.parametrize(
    ("called", "hint"),
    [("tmp", "did you mean tpm?"), ("Keyrings", "did you mean keyring?"), ("nothing", "the kinds are keyring, recovery, passphrase, tpm, fido2")],
)  # fmt: skip
def test_a_way_that_does_not_exist_is_no_slot_kind(home, here, called, hint):
    """The nearest is named, otherwise all."""
    failed(
        here(home, "slots", "add", called), 2, f'error: there is no slot kind "{called}"\n', f"hint: {hint}\n"
    )


@pytest.mark.parametrize("words", [("passwd", "--stdin"), ("slots", "remove", "{}")])
def test_a_way_in_that_would_be_lost_is_asked_for(home, here, words):
    """As for rekey: the other recovery code cannot be kept or made again here, so nothing is done without a yes."""
    codes = [RecoverySlot(Secret(bytes([n] * 20))) for n in (1, 2)]
    opened = new_vault(from_env(home.env), others=codes)
    given = [word.format(opened.header.slots[1].name) for word in words]
    refused = here(home, *given, stdin="another long passphrase\n")
    assert refused.returncode == 10
    assert here(home, "slots", "list").stdout.count("\n") == 3
    if words[0] == "slots":
        assert here(home, *given, "--yes").returncode == 0
        assert here(home, "slots", "list").stdout.count("\n") == 1


def test_a_slot_whose_name_looks_like_an_option_can_be_removed(home, here, monkeypatch):
    """One of 64 that older versions made does; new ones do not."""
    drawn = iter([b"\xf8" * 8, b"\xfb" * 8, b"\xfc" * 8])
    monkeypatch.setattr(os, "urandom", lambda size, real=os.urandom: next(drawn) if size == 8 else real(size))
    assert new_sid() == b"\xfc" * 8
    monkeypatch.undo()
    monkeypatch.setattr(recovery, "new_sid", lambda: b"\xf8" * 8)
    opened = new_vault(from_env(home.env), others=[RecoverySlot(Secret(bytes(20)))])
    name = opened.header.slots[1].name
    assert name.startswith("-")
    done = here(home, "slots", "remove", name, "--yes")
    assert done.returncode == 0, done.stderr
    failed(here(home, "slots", "remove", "--yes", "--", name), 5, f'"{name}"')
    assert here(home, "slots", "list").stdout.count("\n") == 1
