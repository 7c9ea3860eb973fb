"""Every accident at every call: tests/faults has samples of these campaigns, this is all of them."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults import kinds, moving, rotation
from tests.faults.accidents import at_each
from tests.faults.campaign import Campaign, plan
from tests.faults.stage import ACTS

pytestmark = [pytest.mark.usefixtures("untraced", "unmeasured"), pytest.mark.timeout(3600)]

KILLS = ("kill-before", "kill-after")
PARTS = 4  # of the accidents of one kind of run, so that no worker is left alone with the longest


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    made = Campaign(str(tmp_path_factory.mktemp("faults")))
    yield made
    made.end()


@pytest.fixture(scope="module")
def place():
    made = rotation.template()
    yield made
    shutil.rmtree(made.template)


@pytest.fixture(scope="module")
def moved():
    return moving.template()


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", kinds.ALL)
def test_no_accident_of_a_rotation_or_an_enrollment_loses_a_key(place, kind, part):
    """Kills, cut connections, throttling, 500s and full disks (scripts/kill-rotations): whatever happens, a key works."""
    points, suffer = kinds.run_of(place, kind)
    accidents = list(at_each(points))[part::PARTS]
    happened = [suffer(number, how) for number, how in accidents]
    assert len(happened) > 20
    assert sum(happened) >= len(happened) * 0.98  # proofs differ in number from run to run


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("act", ACTS)
def test_every_fault_of_a_write_leaves_the_old_or_the_new_vault(campaign, act, part):
    """SIGKILL before and after, ENOSPC, EIO, EINTR, EMFILE and a short write at each call (scripts/break-writes)."""
    faults = plan(campaign, [act], one_in=1)[part::PARTS]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        verdicts = list(pool.map(lambda fault: campaign.fault(*fault), faults))
    assert len(verdicts) > 10
    assert set(verdicts) <= {"old", "new"}
    if act == "add":  # once the new vault is there it stays: the calls come in order
        killed = [verdict for (_, _, kind), verdict in zip(faults, verdicts, strict=True) if kind in KILLS]
        assert set(killed) == {"old", "new"}
        assert killed == sorted(killed, key=("old", "new").index)


@pytest.mark.parametrize("act", moving.ACTS)
def test_a_kill_anywhere_loses_no_key_and_leaves_no_half_file(act, moved, aws):
    """Before and after each call of an import, a setup and their undo: the next run finishes."""
    after, points = moving.target(moved, act, aws)
    for number in range(len(points)):
        for when in ("before", "after"):
            assert moving.die_at(moved, act, aws, number, when, after), (number, when)
