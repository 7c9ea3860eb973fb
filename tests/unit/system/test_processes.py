"""Other processes that end while they are looked at."""

from __future__ import annotations

import errno
import os

from vault.system import processes


def test_a_process_that_is_not_there_has_no_name():
    """And one that is has a name and a parent."""
    assert processes.process(2**22 + 1) == ("", "", "")
    name, parent, _ = processes.process(os.getpid())
    assert name
    assert int(parent) == os.getppid()


def test_a_process_that_ends_while_it_is_looked_at_has_no_name(monkeypatch):
    """Its file opens, and is no more when it is read."""

    def gone(_fd, _size):
        raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))

    monkeypatch.setattr(os, "read", gone)
    assert processes.process(os.getpid()) == ("", "", "")
