"""Machines by their names, and by their IDs too where names are alike."""

from __future__ import annotations

from vault.remote.machine_names import all_called, called
from vault.sync.versions import MachineLine

ALIKE = {
    "AAAA": MachineLine(name="laptop"),
    "BBBB": MachineLine(name="laptop"),
    "CCCC": MachineLine(name="desktop"),
    "DDDD": MachineLine(name="desktop", gone=True),
    "EEEE": MachineLine(),
}


def test_a_name_of_one_machine_is_enough():
    """A removed machine of the same name is listed with its ID; it makes the other's no longer."""
    assert called(ALIKE, "CCCC") == "desktop"
    assert called(ALIKE, "DDDD") == "desktop (DDDD)"


def test_two_machines_of_one_name_differ_by_their_ids():
    assert all_called(ALIKE, ("BBBB", "AAAA")) == ("laptop (AAAA)", "laptop (BBBB)")


def test_machine_without_a_name_is_its_id():
    assert called(ALIKE, "EEEE") == "EEEE"
    assert called(ALIKE, "unknown") == "unknown"


def test_former_name_of_a_machine():
    """An edit keeps the name under which it was made."""
    assert called(ALIKE, "CCCC", name="old") == "old"
    assert called(ALIKE, "CCCC", name="laptop") == "laptop (CCCC)"
