"""vault/system/wait_for_signal.py: what ends a wait."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from tests.patience import PATIENCE
from vault.system.wait_for_signal import until_signal

NUMBERS = (signal.SIGTERM, signal.SIGHUP)


def later(act):
    """``act`` by another thread, once this one waits."""
    thread = threading.Timer(0.1, act)
    thread.start()
    return thread


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_ends_it_at_once(number):
    """Not only at the next check; the handlers of before are back."""
    before = signal.getsignal(number)
    with until_signal(NUMBERS, every=PATIENCE) as wait:
        thread = later(lambda: os.kill(os.getpid(), number))
        assert wait(None, lambda: False) is False
        thread.join()
    assert signal.getsignal(number) == before


def test_a_signal_before_the_wait_counts():
    """It came while the server started."""
    with until_signal(NUMBERS, every=PATIENCE) as wait:
        os.kill(os.getpid(), signal.SIGTERM)
        assert wait(None, lambda: False) is False


def test_the_time_and_the_condition_end_it():
    """The condition first, if both are true."""
    with until_signal(NUMBERS, every=0.01) as wait:
        assert wait(0.05, lambda: False) is False
        assert wait(0, lambda: True) is True
        ends = time.monotonic() + 0.05
        assert wait(None, lambda: time.monotonic() > ends) is True


def test_the_time_counts_while_the_machine_sleeps(monkeypatch):
    """The monotonic clock stands still then. The wall clock does not, and the user was told a time of day."""
    now = time.time()
    with until_signal(NUMBERS, every=0.01) as wait:
        monkeypatch.setattr(time, "time", iter([now, now, now + 3599, *[now + 3601] * 9]).__next__)
        assert wait(3600, iter([False] * 6).__next__) is False


def test_a_clock_that_is_set_back_prolongs_nothing(monkeypatch):
    """The monotonic clock counts as well."""
    monkeypatch.setattr(time, "time", iter(range(10**6, 0, -1000)).__next__)
    with until_signal(NUMBERS, every=0.01) as wait:
        assert wait(0.05, lambda: False) is False


def test_a_signal_that_is_ignored_stays_so():
    """nohup awsvault-py serve outlives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with until_signal(NUMBERS, every=0.01) as wait:
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert wait(None, iter([False, False, True]).__next__) is True
    finally:
        signal.signal(signal.SIGHUP, before)
