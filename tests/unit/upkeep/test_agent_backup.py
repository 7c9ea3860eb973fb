"""A copy is written only of exactly the bytes that the agent opened."""

from __future__ import annotations

import os

import pytest

from tests.vaults import soon
from vault import errors, limits
from vault.store import vault
from vault.unlocking.agent_keys import AgentGone
from vault.upkeep import agent_backup


class Held:
    """Keys of an agent: ``looks`` is called when they open the vault."""

    def __init__(self, looks=lambda: None):
        self.looks, self.opened, self.closed = looks, 0, 0

    def contents(self):
        self.opened += 1
        self.looks()

    def close(self):
        self.closed += 1


@pytest.fixture
def write(desk, tmp_path, monkeypatch):
    """``write(HELD)`` is what came back and the copy's bytes, None if there is no copy."""

    def run(held):
        monkeypatch.setattr(agent_backup, "keys_from_agent", lambda _context: held)
        path = tmp_path / "copy"
        found = agent_backup.write_by_agent(desk.context(), str(path))
        return found, path.read_bytes() if path.exists() else None

    return run


def test_without_an_open_agent_nothing_is_written(write):
    """A locked agent, and one that ends in the middle: its keys are closed."""

    def gone():
        raise AgentGone("it ended")

    assert write(None) == (None, None)
    held = Held(gone)
    assert write(held) == (None, None)
    assert held.closed == 1


def test_a_vault_that_keeps_changing_is_not_copied(write, desk):
    """After a few tries it is left to the passphrase; no copy of a state that nobody opened."""
    k_main = desk.keys(desk.context()).opened.k_main

    def change():
        vault.edit(
            desk.context().paths,
            k_main,
            lambda p: p.with_entry(f"more-{len(p.entries)}", next(iter(p.entries.values()))),
            deadline=soon(),
        )

    held = Held(change)
    assert write(held) == (None, None)
    assert held.opened == held.closed == limits.BACKUP_TRIES


def test_the_copy_is_the_vault(write, desk):
    """To the byte, and what was written is returned."""
    held = Held()
    found, copy = write(held)
    with open(desk.context().paths.vault, "rb") as file:
        assert copy == found.raw == file.read()
    assert held.opened == held.closed == 1


def test_a_file_that_is_there_already_stays(write, tmp_path):
    """AlreadyExists, and not a byte of it changes."""
    (tmp_path / "copy").write_bytes(b"mine")
    with pytest.raises(errors.AlreadyExists):
        write(Held())
    assert os.listdir(tmp_path).count("copy") == 1
    assert (tmp_path / "copy").read_bytes() == b"mine"


def test_a_disk_that_gives_back_other_bytes_is_an_error(write, monkeypatch):
    """The copy is checked by what is read back."""

    def create(_path, raw, *, check):
        check(raw[:-1])

    monkeypatch.setattr(agent_backup.backups, "create_users_file", create)
    with pytest.raises(errors.StorageError):
        write(Held())
