"""The mark that lock makes: it is seen until unlock, and each lock makes another one."""

from __future__ import annotations

import os

import pytest

from tests.vaults import paths_in
from vault import errors
from vault.unlocking import manual_lock


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


def test_the_vault_is_locked_from_lock_to_unlock(paths):
    """A second unlock, or one without a lock, is no error."""
    assert not manual_lock.manually_locked(paths)
    manual_lock.unmark(paths)
    manual_lock.mark(paths)
    assert manual_lock.manually_locked(paths)
    for _ in range(2):
        manual_lock.unmark(paths)
        assert not manual_lock.manually_locked(paths)


def test_each_lock_makes_another_mark(paths):
    """A server that was started after the first one ends at the second."""
    manual_lock.mark(paths)
    first = manual_lock.attributes(paths)
    manual_lock.mark(paths)
    assert manual_lock.attributes(paths) != first


def test_a_mark_that_cannot_be_made_is_an_error(paths, tmp_path):
    """The user believes that the vault is locked."""
    os.symlink(tmp_path, paths.state)
    with pytest.raises(errors.UnsafeFile):
        manual_lock.mark(paths)
    assert not manual_lock.manually_locked(paths)
