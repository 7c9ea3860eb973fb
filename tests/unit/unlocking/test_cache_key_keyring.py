"""A cache key that the keyring does not give."""

from __future__ import annotations

import pytest

from vault.system.files import Folder
from vault.unlocking import cache_key

# ── keyrings ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def no_bus(monkeypatch):
    """A machine whose keyring does not answer."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")


def test_a_cache_key_that_the_keyring_does_not_give_is_none(bench, no_bus):
    """The mark says that there is an item, and the keyring is locked or gone: the vault is opened instead."""
    context = bench.context(AWSVAULT_KEYRING=None)
    with Folder.open(context.paths.state, create=True) as state:
        state.write_atomic("cache-key-item", b"x", durable=False)
    assert cache_key.find(context.env, context.paths, context.agent) is None
