"""Starting an agent: an export works without one if none can be started."""

from __future__ import annotations

import os
import sys

from vault.agent import start


def test_a_failed_start_returns_false(monkeypatch):
    """Without an interpreter, a pipe or a process, exports work without an agent."""

    def refuse(*_args):
        raise OSError(11, "try again")

    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "")
        assert not start.start({})
    for name in ("pipe", "fork"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, refuse)
            assert not start.start({})


def test_a_starter_that_has_ended_is_no_error():
    """The agent writes its report to a closed pipe, and goes on."""
    reading, writing = os.pipe()
    os.close(reading)
    start.report(writing, listening=True)
    os.close(writing)
