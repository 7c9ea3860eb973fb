"""Changes of the vault: all of one or nothing, and none is lost among many writers."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile

import pytest
from coverage import Coverage

from tests.vaults import entry, new_vault, paths_in, soon
from vault import errors
from vault.secret import Secret
from vault.store import file, restore, vault
from vault.store.boxes import Draft
from vault.store.slots.recovery import RecoverySlot, new_code
from vault.system.clock import Deadline
from vault.system.files import Folder


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


def add(paths, k_main, name):
    return vault.edit(paths, k_main, lambda p: p.with_entry(name, entry()), deadline=soon())


def test_a_change_that_changes_nothing_writes_nothing(paths):
    """No new generation, no new backup."""
    opened = new_vault(paths)
    after = vault.edit(paths, opened.k_main, lambda p: p, deadline=soon())
    assert after.header.gen == 1
    assert restore.automatic(paths) == []


def test_a_change_that_raises_leaves_the_vault_as_it_was(paths):
    """And the lock is free again."""
    opened = new_vault(paths)

    def change(payload):
        raise errors.Declined("no")

    with pytest.raises(errors.Declined):
        vault.edit(paths, opened.k_main, change, deadline=soon())
    assert add(paths, opened.k_main, "a").header.gen == 2


def test_new_master_keys_leave_no_backup_of_the_old_ones(paths):
    """The old key opens nothing that lies in the folder; a backup from before, put there later, goes at the next write."""
    code = new_code()
    opened = add(paths, new_vault(paths).k_main, "a")
    old_bytes = opened.file.raw
    fresh = vault.new_key()

    def change(draft, found):
        slot = RecoverySlot(code).wrap(fresh, vault_id=found.header.vault_id)
        return Draft(k_main=fresh, payload=draft.payload, slots=(slot,), new_keys=True)

    after = vault.rewrite(paths, opened.k_main, change, deadline=soon())
    assert after.payload.rekeyed == 3
    assert restore.automatic(paths) == []
    with pytest.raises(vault.KeysChanged):
        vault.open_with_main_key(paths, opened.k_main)
    with pytest.raises(vault.KeysChanged, match="another process has changed its keys") as caught:
        add(paths, opened.k_main, "b")
    assert "run the command again" in caught.value.hint
    with Folder.open(paths.vault_folder) as folder:  # as a kill between rename and unlink would leave it
        folder.write_atomic(file.BACKUP_NAMES[1], old_bytes, durable=False)
    add(paths, fresh, "b")
    assert [backup.header.gen for _, backup in restore.automatic(paths)] == [3]


def _edit_some_times(root, k_main, who, edits):
    """So many edits, each of which adds a number to those that it finds: what another's write lost is missing after."""
    measuring = Coverage.current()
    if measuring is not None:
        measuring.stop()  # what these fifty run is measured elsewhere, and tracing takes most of their time
    paths = paths_in(root)
    for n in range(edits):

        def add_number(payload, n=n):
            known = payload.entries.get(who)
            before = [] if known is None else known.unknown["edits"]
            return payload.with_entry(who, entry(unknown={"edits": [*before, n]}))

        vault.edit(paths, Secret(k_main), add_number, deadline=Deadline.after(250))


@pytest.fixture
def quick(tmp_path):
    """A folder in memory where there is one: a thousand writes wait three times each for a disk."""
    memory = "/dev/shm"
    root = tempfile.mkdtemp(dir=memory if os.path.isdir(memory) else tmp_path)
    yield paths_in(root)
    shutil.rmtree(root)


@pytest.mark.parametrize("edits", [5, pytest.param(20, marks=pytest.mark.long)])
def test_fifty_writers_of_some_edits_lose_nothing(quick, edits):
    """All edits by 50 processes are there, and the generation has grown by their number."""
    paths = quick
    opened = new_vault(paths)
    fork = multiprocessing.get_context("fork")
    key = opened.k_main.reveal()
    writers = [
        fork.Process(target=_edit_some_times, args=(paths.home, key, f"writer {n}", edits)) for n in range(50)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(280)
    assert [writer.exitcode for writer in writers] == [0] * 50
    after = vault.open_with_main_key(paths, opened.k_main)
    assert after.header.gen == 1 + 50 * edits
    found = {name: kept.unknown["edits"] for name, kept in after.payload.entries.items()}
    assert found == {f"writer {n}": list(range(edits)) for n in range(50)}
