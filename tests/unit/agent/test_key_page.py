"""The memory page for keys, with and without what the system can do to protect it."""

from __future__ import annotations

import errno
import os
import sys

import pytest

from vault.agent import key_page


def test_an_ordinary_page_keeps_keys_if_there_is_no_hidden_one():
    """They are received, viewed, dropped and cleared in the same way."""
    keys = key_page.KeyPage(hidden=False)
    assert not keys.hidden
    keys.staging(32)[:] = b"k" * 32
    keys.take(("main",))
    assert bytes(keys.view("main")) == b"k" * 32
    keys.drop("main")
    assert not keys.has("main")
    with pytest.raises(KeyError):
        keys.view("main")
    keys.clear()


def test_a_kernel_without_hidden_memory_gives_an_ordinary_page(monkeypatch):
    """Linux before 5.14, or a sandbox, does not know the call. There is no warning."""
    monkeypatch.setitem(key_page._MEMFD_SECRET, os.uname().machine, 100_000)
    keys = key_page.KeyPage()
    assert (keys.hidden, keys.warnings) == (False, [])


def test_hidden_memory_that_a_limit_refuses_is_replaced(monkeypatch):
    """A normal page replaces it, and the descriptor is closed."""

    def refuse(fd, _size):
        refused.append(fd)
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    refused: list[int] = []
    monkeypatch.setattr(os, "ftruncate", refuse)
    assert not key_page.KeyPage().hidden
    for fd in refused:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)


class _Library:
    """The C library of a system that locks no memory."""

    def __init__(self, *_args, **_more):
        self.asked = []

    def mlock(self, _address, _size):
        self.asked.append("mlock")
        return -1

    def madvise(self, _address, _size, advice):
        self.asked.append(advice)
        return 0


@pytest.mark.parametrize(("platform", "asked"), [("linux", ["mlock", 16]), ("darwin", ["mlock"])])
def test_memory_that_cannot_be_locked_gives_a_warning(monkeypatch, platform, asked):
    """Keys may be swapped out: status and doctor show the warning. Core files never have them."""
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(key_page.ctypes, "CDLL", _Library)
    keys = key_page.KeyPage(hidden=False)
    assert ["ulimit -l" in warning for warning in keys.warnings] == [True]
    assert keys._libc.asked == asked
