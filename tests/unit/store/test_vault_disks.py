"""Opening the vault on disks without locks, and beside a writer."""

from __future__ import annotations

import errno
import fcntl
import os
from dataclasses import replace

import pytest

from tests.vaults import new_vault, paths_in, soon
from vault import errors
from vault.secret import Secret
from vault.store import file, vault


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


@pytest.mark.parametrize("fails", [errno.ENOLCK, errno.EIO])
def test_a_vault_on_a_disk_without_locks_is_read(paths, monkeypatch, fails):
    """It opens, and that nothing could be pinned is in the result."""
    opened = new_vault(paths)

    def no_locks(*_args):
        raise OSError(fails, os.strerror(fails))

    for name in os.listdir(paths.state):
        os.unlink(os.path.join(paths.state, name))
    monkeypatch.setattr(fcntl, "flock", no_locks)
    assert vault.open_with_main_key(paths, opened.k_main).pin == "not kept"
    typed = vault.open_with_passphrase(paths, Secret("correct horse battery staple"), deadline=soon())
    assert (typed.pin, os.listdir(paths.state)) == ("not kept", ["kdf.lock"])
    monkeypatch.undo()
    assert vault.open_with_main_key(paths, opened.k_main).pin == "first use"


def test_a_reader_beside_a_writer_leaves_the_state_to_it(paths):
    """The writer pins for itself, and when the slot was used can be noted the next time: nobody waits."""
    opened = new_vault(paths)
    for name in os.listdir(paths.state):
        os.unlink(os.path.join(paths.state, name))
    with file.open_folder(paths) as folder, file.lock(folder, deadline=soon()):
        typed = vault.open_with_passphrase(paths, Secret("correct horse battery staple"), deadline=soon())
        assert (typed.pin, os.listdir(paths.state)) == ("kept", ["kdf.lock"])
    assert vault.open_with_main_key(paths, opened.k_main).pin == "first use"


def test_strict_seeds_with_a_passphrase_of_their_own_are_not_opened_without(paths):
    """A process that has the vault open has not opened them."""
    opened = new_vault(paths)
    shut = replace(opened, payload=replace(opened.payload, strict_key=None))
    with pytest.raises(errors.NotThisSlot, match="their own passphrase"):
        vault.open_strict(shut, None, path="it")
