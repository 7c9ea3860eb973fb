"""Random commands over one home while everything around them goes wrong (tests/faults/chaos.py)."""

import pytest

from tests.faults.chaos import campaign

pytestmark = pytest.mark.usefixtures("unmeasured")


@pytest.mark.timeout(1200)
def test_a_hundred_steps_of_chaos_leave_every_invariant_standing():
    """Kills, full disks, few descriptors, a wrong clock, an AWS that lies: identity, expiry, exits and edits hold."""
    counts = campaign(100, seed=1)
    assert counts["exit 0"] > 50  # most commands have nothing to do with the trouble, and end well


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", [2, 3])
def test_two_thousand_steps_of_chaos(seed):
    """As above, a thousand steps for each of two seeds."""
    assert campaign(1000, seed=seed)["exit 0"] > 500
