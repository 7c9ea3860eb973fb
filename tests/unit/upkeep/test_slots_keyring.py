"""slots add keyring."""

from __future__ import annotations

import pytest

from tests.unit.benches import NAME
from vault import errors
from vault.upkeep import slots

# ── keyrings ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def no_bus(monkeypatch):
    """A machine whose keyring does not answer."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")


def test_a_keyring_is_added_where_there_is_one(bench, no_bus):
    """Switched off, or not to be had: the vault is as it was, and each is told with its way out."""
    opened = bench.opened()
    with pytest.raises(errors.ConfigError, match="turned off"):
        slots.add_keyring(bench.context(), opened)
    with pytest.raises(errors.ConfigError, match="the OS keyring cannot be used"):
        slots.add_keyring(bench.context(AWSVAULT_KEYRING=None), opened)
    assert bench.opened().header.gen == opened.header.gen
    assert list(bench.opened().payload.entries) == [NAME]
