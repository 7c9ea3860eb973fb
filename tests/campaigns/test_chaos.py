"""Random commands over one home while everything around them goes wrong (tests/faults/chaos.py), for long."""

import pytest

from tests.faults.chaos import campaign

pytestmark = pytest.mark.usefixtures("untraced", "unmeasured")


@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("steps", "seed"), [(100, 1), (1000, 2), (1000, 3)])
def test_steps_of_chaos_leave_every_invariant_standing(steps, seed):
    """Kills, full disks, few descriptors, a wrong clock, an AWS that lies: identity, expiry, exits and edits hold."""
    counts = campaign(steps, seed=seed)
    assert counts["exit 0"] > steps // 2  # most commands have nothing to do with the trouble, and end well
