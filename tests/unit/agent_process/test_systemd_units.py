"""What a systemd unit can have in it, and where there are units."""

from __future__ import annotations

import sys

import pytest

from vault import errors
from vault.agent_process import systemd_units


def test_a_unit_has_no_control_characters(monkeypatch):
    """A line end in a path would start another setting."""
    with pytest.raises(errors.ConfigError, match="systemd unit cannot contain"):
        systemd_units._plain("/a\nExecStart=/evil")
    with pytest.raises(errors.ConfigError, match="systemd unit cannot contain"):
        systemd_units._quoted("/a\x1b")
    assert systemd_units._plain("/a%b") == "/a%%b"
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(errors.ConfigError, match="on Linux"):
        systemd_units.install(None)
