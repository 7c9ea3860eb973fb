"""What this machine notes of the bucket."""

from __future__ import annotations

import os

import pytest

from tests.vaults import paths_in
from vault.remote import note
from vault.remote.note import SyncNote
from vault.system.files import Folder

VAULT_ID = bytes(range(16))
NOTE = SyncNote(
    etag='"e"', vault="aa", bucket="bb", gen=7, key_gen=3, seen={"laptop": 4}, asks=2, at=1_777_636_800
)


def test_it_comes_back_until_it_is_forgotten(tmp_path):
    paths = paths_in(tmp_path)
    assert note.read(paths, VAULT_ID) is None
    note.write(paths, VAULT_ID, NOTE)
    assert note.read(paths, VAULT_ID) == NOTE
    assert note.read(paths, bytes(16)) is None
    note.forget(paths, VAULT_ID)
    assert note.read(paths, VAULT_ID) is None


def test_forgetting_what_was_never_noted_is_no_error(tmp_path):
    note.forget(paths_in(tmp_path), VAULT_ID)


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b'{"etag":1,"vault":"","bucket":"","gen":0,"kgen":0,"seen":{},"asks":0,"at":0}']
)
def test_a_damaged_note_is_none(tmp_path, raw):
    """It costs one more request."""
    paths = paths_in(tmp_path)
    note.write(paths, VAULT_ID, NOTE)
    with Folder.open(paths.state) as folder:
        folder.write_atomic(f"sync-{VAULT_ID.hex()}", raw, durable=False)
    assert note.read(paths, VAULT_ID) is None


@pytest.mark.parametrize(("later", "noted"), [(0, 0), (59, 0), (60, 60), (9_999, 9_999), (-1, -1)], ids=str)
def test_a_sync_with_nothing_to_do_notes_its_time(tmp_path, later, noted):
    """Not more often than once in a minute, unless the clock went back."""
    paths = paths_in(tmp_path)
    note.write(paths, VAULT_ID, NOTE)
    note.touch(paths, VAULT_ID, NOTE, at=NOTE.at + later)
    assert note.read(paths, VAULT_ID) == NOTE._replace(at=NOTE.at + noted)


def test_a_note_that_cannot_be_written_is_no_error(tmp_path):
    """The state folder is a file."""
    paths = paths_in(tmp_path)
    os.makedirs(os.path.dirname(paths.state), exist_ok=True)
    with open(paths.state, "wb"):
        pass
    with pytest.raises(Exception, match="not a folder"):
        note.read(paths, VAULT_ID)
