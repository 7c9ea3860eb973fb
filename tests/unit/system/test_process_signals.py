"""Signals between our processes: who gets one, and which signal says that the vault is locked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from vault.system import process_signals


def test_a_process_gets_the_signal():
    """And ends by it."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with child:
        assert process_signals.send(child.pid, process_signals.KILL)
        assert child.wait() == -signal.SIGKILL


def test_a_process_that_has_ended_gets_none():
    """That is no error."""
    with subprocess.Popen(["true"]) as child:
        child.wait()
    assert not process_signals.send(child.pid, process_signals.KILL)


def test_the_signal_of_a_lock_is_none_that_has_another_meaning():
    """A user's `kill`, a terminal or the kernel sends none like it."""
    meant = {number for number in signal.Signals if number not in {signal.SIGRTMIN, signal.SIGRTMAX}}
    assert process_signals.LOCKED not in meant
    assert signal.SIGRTMIN < process_signals.LOCKED < signal.SIGRTMAX


def test_what_asks_whether_a_process_is_there_says_so():
    """Signal 0 reaches nobody."""
    assert process_signals.send(os.getpid(), 0)
