"""Random commands over one home while everything around them goes wrong (tests/faults/chaos.py)."""

import os
import signal

import pytest

from tests.fakes.aws import StandIn
from tests.faults.chaos import Chaos, campaign
from tests.faults.troubles import Around

pytestmark = pytest.mark.usefixtures("unmeasured")


def test_some_steps_of_chaos_leave_every_invariant_standing():
    """Kills, full disks, few descriptors, a wrong clock, an AWS that lies; tests/campaigns takes two thousand steps."""
    steps = 15
    assert campaign(steps, seed=1)["exit 0"] > steps // 2


def test_an_agent_that_a_command_without_disk_space_starts_has_space(tmp_path):
    """Else the trouble of one step stays for the next ones, and an export that needs a code fails without cause."""
    with StandIn() as aws:
        chaos = Chaos(str(tmp_path), aws, seed=1)
        try:
            assert chaos.home.run("unlock").returncode == 0
            os.kill(chaos.agent(), signal.SIGKILL)
            started = chaos.one(("unlock",), Around(shim=chaos.shims["full"]))
            assert started.code == 0, started.err
            done = chaos.home.run("export", "dev")
            assert done.returncode == 0, done.stderr
        finally:
            os.kill(chaos.agent(), signal.SIGTERM)
