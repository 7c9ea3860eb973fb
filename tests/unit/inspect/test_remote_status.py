"""What list, status and slots list know of the remote: from the state folder alone, never an error."""

from __future__ import annotations

import os

import pytest

from tests.remotes import THERE, URL, WAITING, note_remote
from vault.inspect import key_status, remote_status, status
from vault.store import vault
from vault.unlocking import manual_lock


@pytest.fixture
def context(desk):
    return desk.context()


def vault_id(context):
    return vault.read_header(context.paths).vault_id


def test_nothing_without_a_remote(context):
    assert not context.has_synced(vault_id(context))
    assert remote_status.of(context, vault_id(context), None) is None
    assert status.quiet_remote(context) is None
    assert status.look(context).remote is None


def test_of_an_open_vault_everything_is_known(context, home):
    """Of another vault nothing."""
    note_remote(home, ago=3600)
    assert context.has_synced(vault_id(context))
    assert not context.has_synced(bytes(16))
    found = key_status.look(context).remote
    assert (found.asks, found.summary.url, found.summary.waiting) == (1, URL, (WAITING,))
    assert THERE in found.summary.machines
    assert status.look(context).remote == status.quiet_remote(context) == found


def test_of_a_locked_vault_only_the_time_and_the_number(context, home):
    """Names need a key."""
    note_remote(home)
    context.passphrase = None
    for found in (status.look(context).remote, status.quiet_remote(context)):
        assert (found.asks, found.summary) == (1, None)
    manual_lock.mark(context.paths)
    assert remote_status.with_key_on_disk(context, vault_id(context)).summary is None


def test_a_damaged_note_is_no_remote(context, home):
    note_remote(home)
    path = os.path.join(context.paths.state, f"sync-{vault_id(context).hex()}")
    with open(path, "wb") as file:
        file.write(b"{}")
    assert status.look(context).remote is None
    os.chmod(context.paths.state, 0o755)
    assert remote_status.of(context, vault_id(context), None) is None
