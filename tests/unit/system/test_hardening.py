"""Hardening, where the system forbids it."""

from __future__ import annotations

import ctypes
import resource
import sys

from vault.system import hardening


def _forbidden(*_args, **_more):
    raise OSError(1, "not permitted")


def test_hardening_that_is_forbidden_ends_nothing(monkeypatch):
    """A sandbox without prctl or setrlimit opens the vault all the same."""
    monkeypatch.setattr(ctypes, "CDLL", _forbidden)
    monkeypatch.setattr(resource, "setrlimit", _forbidden)
    assert not hardening.not_dumpable()
    hardening.before_keys()
    hardening.no_new_privileges()
    hardening.end_with_parent(0)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not hardening.not_dumpable()
    hardening.no_new_privileges()
    hardening.end_with_parent(0)
