"""The mark of a backup, on a disk that does not take it."""

from __future__ import annotations

import errno
import os

import pytest

from tests.vaults import new_vault, paths_in
from vault.store import backup_mark
from vault.system import files


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


def test_a_state_folder_that_takes_no_mark_is_no_error_of_a_backup(paths, monkeypatch):
    """The backup is made; only doctor does not know of it."""
    opened = new_vault(paths)

    def full(*_args, **_more):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "write", full)
    backup_mark.note(paths, opened.vault_id, gen=7)
    monkeypatch.undo()
    assert backup_mark.read(paths, opened.vault_id) is None
    backup_mark.note(paths, opened.vault_id, gen=7)
    assert backup_mark.read(paths, opened.vault_id) == 7
