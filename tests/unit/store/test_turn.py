"""Turns: one process at a time, and none where there are no locks."""

from __future__ import annotations

import os

import pytest

from tests.vaults import paths_in, soon
from vault.errors import StorageError
from vault.store.turn import TPM_LOCK, turn_at
from vault.system import locks
from vault.system.clock import Deadline
from vault.system.locks import Busy


def test_a_turn_is_one_process_s_at_a_time(tmp_path):
    """The next one waits up to its deadline, and gets it afterwards."""
    paths = paths_in(tmp_path)
    with turn_at(TPM_LOCK, paths, soon())():
        with pytest.raises(Busy), turn_at(TPM_LOCK, paths, Deadline.after(0.1))():
            pass
        with turn_at("another.lock", paths, soon())():
            pass
    with turn_at(TPM_LOCK, paths, soon())():
        assert set(os.listdir(paths.state)) == {TPM_LOCK, "another.lock"}


def test_a_state_folder_on_a_full_disk_costs_only_the_turn(tmp_path, monkeypatch):
    """The work is done without one."""

    def full(*_args, **_more):
        raise StorageError("no space")

    monkeypatch.setattr(locks, "lock", full)
    done = []
    with turn_at(TPM_LOCK, paths_in(tmp_path), soon())():
        done.append("work")
    assert done == ["work"]
