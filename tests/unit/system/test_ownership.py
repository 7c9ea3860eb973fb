"""Whose file it is."""

from __future__ import annotations

import os

from vault.system import ownership


def test_a_file_of_another_user_is_not_own(tmp_path, monkeypatch):
    """The owner decides, not the mode."""
    status = os.stat(tmp_path)
    assert ownership.is_own(status)
    monkeypatch.setattr(os, "geteuid", lambda: status.st_uid + 1)
    assert not ownership.is_own(status)
