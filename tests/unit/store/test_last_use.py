"""When each slot last opened the vault: noted once an hour, and nothing depends on it."""

from __future__ import annotations

import os

import pytest

from tests.vaults import paths_in
from vault import limits
from vault.store import last_use

ID, NOW = bytes(16), 1_700_000_000
BOTH = frozenset({"a", "b"})


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


def test_each_slot_keeps_its_own_time(paths):
    """Of each vault."""
    last_use.note(paths, ID, "a", now=NOW, keep=BOTH)
    last_use.note(paths, ID, "b", now=NOW + 1, keep=BOTH)
    assert last_use.read(paths, ID) == {"a": NOW, "b": NOW + 1}
    assert last_use.read(paths, b"1" * 16) == {}


def test_a_slot_that_was_removed_is_forgotten(paths):
    """With the next note of another one."""
    last_use.note(paths, ID, "a", now=NOW, keep=BOTH)
    last_use.note(paths, ID, "b", now=NOW, keep=frozenset({"b"}))
    assert last_use.read(paths, ID) == {"b": NOW}


@pytest.mark.parametrize(
    ("later", "due"),
    [(0, False), (limits.SLOT_USE_STEP - 1, False), (limits.SLOT_USE_STEP, True), (-1, True)],
)
def test_once_an_hour_is_enough(paths, later, due):
    """A time that is still to come is of a clock that was wrong."""
    last_use.note(paths, ID, "a", now=NOW, keep=BOTH)
    assert last_use.due(paths, ID, "a", now=NOW + later) is due
    assert last_use.due(paths, ID, "b", now=NOW)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": "1"}', b"\xff", b"x" * 100_000])
def test_a_file_that_is_damaged_is_none(paths, content):
    """It is replaced by the next note."""
    last_use.note(paths, ID, "a", now=NOW, keep=BOTH)
    (name,) = os.listdir(paths.state)
    with open(os.path.join(paths.state, name), "wb") as file:
        file.write(content)
    assert last_use.read(paths, ID) == {}
    last_use.note(paths, ID, "b", now=NOW, keep=BOTH)
    assert last_use.read(paths, ID) == {"b": NOW}


def test_a_folder_that_does_not_take_it_is_no_error(paths, tmp_path):
    """The vault is open, and that is what counts."""
    os.symlink(tmp_path, paths.state)
    last_use.note(paths, ID, "a", now=NOW, keep=BOTH)
    assert last_use.read(paths, ID) == {}
