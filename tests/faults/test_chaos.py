"""Random commands over one home while everything around them goes wrong (tests/faults/chaos.py)."""

import pytest

from tests.faults.chaos import campaign

pytestmark = pytest.mark.usefixtures("unmeasured")


def test_some_steps_of_chaos_leave_every_invariant_standing():
    """Kills, full disks, few descriptors, a wrong clock, an AWS that lies; tests/campaigns takes two thousand steps."""
    steps = 15
    assert campaign(steps, seed=1)["exit 0"] > steps // 2
