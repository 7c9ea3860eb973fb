"""The one deadline, and the clock of the machine."""

import pytest

from vault.system.clock import Deadline, SystemClock


class Clock(SystemClock):
    now = 100.0

    def monotonic(self):
        return self.now


def test_a_deadline_counts_down_to_zero():
    """What is left never goes below zero, and a shorter wait ends no later than the whole."""
    clock = Clock()
    deadline = Deadline.after(10, clock=clock)
    assert (deadline.remaining(), deadline.expired) == (10, False)
    assert deadline.at_most(3).remaining() == pytest.approx(3)
    assert deadline.at_most(30).remaining() == pytest.approx(10)
    clock.now = 111.0
    assert (deadline.remaining(), deadline.expired) == (0, True)


def test_the_machines_clock_runs():
    """The system's clock gives unix time, and sleeping takes time."""
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0.001)
    assert clock.monotonic() > before
    assert clock.time() > 1_700_000_000
