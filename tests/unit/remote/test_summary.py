"""What other commands show of a remote: sealed, and missing rather than wrong."""

from __future__ import annotations

import os

import pytest

from tests.vaults import paths_in
from vault.remote import summary
from vault.remote.summary import MachineInfo, RotationWait, SyncSummary, WaitingItem
from vault.secret import Secret
from vault.system.files import Folder

VAULT_ID, KEY = bytes(range(16)), Secret(b"k" * 32)
HERE = MachineInfo("AAAAAAAAAAA", "laptop", 1_777_636_800, edits=3, behind=0, gone=False, here=True)
GONE = MachineInfo("BBBBBBBBBBB", "desk\x1btop", 0, edits=0, behind=2, gone=True, here=False)
WAIT = RotationWait("dev", "AKIAI44QH8DHBEXAMPLE", "AKIAIOSFODNN7EXAMPLE", 1_777_636_800, ("desk\x1btop",), 2)
WHOLE = SyncSummary(
    "s3://b/k", (HERE, GONE), (WaitingItem("entry", "dev", "changed on two machines"),), (WAIT,)
)


def raw(paths):
    with Folder.open(paths.state) as folder:
        return folder.read(f"machines-{VAULT_ID.hex()}", limit=summary.MOST_BYTES)


def test_it_comes_back_until_it_is_forgotten(tmp_path):
    paths = paths_in(tmp_path)
    assert summary.read(paths, VAULT_ID, KEY) is None
    summary.write(paths, VAULT_ID, KEY, WHOLE)
    assert summary.read(paths, VAULT_ID, KEY) == WHOLE
    assert summary.read(paths, bytes(16), KEY) is None
    summary.forget(paths, VAULT_ID)
    assert summary.read(paths, VAULT_ID, KEY) is None
    summary.forget(paths, VAULT_ID)


def test_names_are_not_readable_without_the_key(tmp_path):
    """A stolen disk tells no name of an entry or a machine, and another key opens nothing."""
    paths = paths_in(tmp_path)
    summary.write(paths, VAULT_ID, KEY, WHOLE)
    assert not any(word in raw(paths) for word in (b"dev", b"laptop", b"s3:"))
    assert summary.read(paths, VAULT_ID, Secret(b"x" * 32)) is None


@pytest.mark.parametrize("damage", [lambda box: b"", lambda box: box[:-1], lambda box: box[:-1] + b"\0"])
def test_a_damaged_summary_is_none(tmp_path, damage):
    paths = paths_in(tmp_path)
    summary.write(paths, VAULT_ID, KEY, WHOLE)
    with Folder.open(paths.state) as folder:
        folder.write_atomic(f"machines-{VAULT_ID.hex()}", damage(raw(paths)), durable=False)
    assert summary.read(paths, VAULT_ID, KEY) is None


def test_a_summary_that_cannot_be_written_is_no_error(tmp_path):
    """The state folder is a file; a name is no text."""
    paths = paths_in(tmp_path)
    os.makedirs(os.path.dirname(paths.state), exist_ok=True)
    summary.write(paths, VAULT_ID, KEY, WHOLE._replace(url="s3://\ud800"))
    with open(paths.state, "wb"):
        pass
    summary.write(paths, VAULT_ID, KEY, WHOLE)
    assert summary.read(paths, VAULT_ID, KEY) is None


def test_thousands_that_wait_are_cut(tmp_path):
    """The note has their number."""
    paths = paths_in(tmp_path)
    many = WHOLE._replace(waiting=WHOLE.waiting * (summary.MOST_WAITING + 1))
    summary.write(paths, VAULT_ID, KEY, many)
    found = summary.read(paths, VAULT_ID, KEY)
    assert len(found.waiting) == summary.MOST_WAITING


def test_rotations_are_cut_too(tmp_path):
    paths = paths_in(tmp_path)
    summary.write(
        paths, VAULT_ID, KEY, WHOLE._replace(rotations=WHOLE.rotations * (summary.MOST_WAITING + 1))
    )
    found = summary.read(paths, VAULT_ID, KEY)
    assert found.rotations == WHOLE.rotations * summary.MOST_WAITING
