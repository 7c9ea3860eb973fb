"""The kernel's keyring, where there is none or it forgets the time limit."""

from __future__ import annotations

import ctypes
import sys

from vault.system import kernel_keyring


def _forbidden(*_args, **_more):
    raise OSError(1, "not permitted")


def test_a_kernel_without_keyrings(monkeypatch):
    """Another machine, a forbidden call: nothing is found, nothing is kept."""
    monkeypatch.setattr(ctypes, "CDLL", _forbidden)
    assert kernel_keyring.read("awsvault-py test") is None
    assert not kernel_keyring.put("awsvault-py test", b"x" * 32, seconds=5)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert kernel_keyring.read("awsvault-py test") is None


def test_a_key_without_its_time_limit_is_taken_back(monkeypatch):
    """One that could not be given its end would stay until the machine's."""
    calls = []

    def call(number, *arguments):
        calls.append(arguments[0])
        return 7 if number == 0 else -1

    monkeypatch.setattr(kernel_keyring, "_call", call)
    assert not kernel_keyring.put("awsvault-py test", b"x" * 32, seconds=5)
    assert calls[-1] == kernel_keyring._INVALIDATE
