"""Which edits the other machines do not have: those since the last sync, and those that a sync could not send."""

from __future__ import annotations

import dataclasses

import pytest

from tests.fakes.bucket import unreachable
from vault import errors
from vault.remote import note
from vault.remote.unsent import UnsentItem, unsent
from vault.store.payload import RotationJournal


def found(computer):
    opened = computer.opened()
    return unsent(opened, computer.local(), note.read(computer.paths, opened.vault_id).seen)


def test_nothing_after_a_sync(laptop, desktop):
    laptop.store("prod")
    laptop.sync()
    desktop.sync()
    assert found(laptop) == found(desktop) == ()


def test_edits_and_removals_since_the_last_sync(laptop, desktop):
    laptop.store("prod")
    laptop.remove("dev")
    assert found(laptop) == (UnsentItem("entry", "dev"), UnsentItem("entry", "prod"))
    laptop.sync()
    assert found(laptop) == ()


def test_an_edit_that_a_sync_could_not_send(laptop, desktop, bucket):
    """It is on this machine's disk as an edit, and nowhere else."""
    laptop.store("prod")
    bucket.before = lambda request: unreachable() if request == "PUT" else None
    with pytest.raises(errors.Unreachable):
        laptop.sync()
    assert found(laptop) == (UnsentItem("entry", "prod"),)
    bucket.before = lambda _: None
    laptop.sync()
    assert found(laptop) == ()


def test_a_journal_is_no_edit(laptop, desktop):
    """A rotation has its own check."""
    journal = RotationJournal(step="grace", began=5)
    laptop.edit(lambda p: p.with_entry("dev", dataclasses.replace(p.entries["dev"], journal=journal)))
    assert found(laptop) == ()
