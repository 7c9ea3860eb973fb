"""A sample of scripts/kill-rotations: tests/campaigns has every accident at every call, this some of each kind."""

from __future__ import annotations

import shutil

import pytest

from tests.faults import rotation
from tests.faults.accidents import KILLS, at_each
from tests.faults.kinds import ALL, run_of

pytestmark = pytest.mark.usefixtures("untraced", "unmeasured")

SAMPLED = 40  # every so many points, from another start for each kind
SAMPLED_FAULTS = 40


@pytest.fixture(scope="module")
def place():
    made = rotation.template()
    yield made
    shutil.rmtree(made.template)


@pytest.mark.parametrize("kind", ALL)
def test_whatever_dies_leaves_a_working_key_or_device(place, kind):
    """After a kill: a working key in the vault, two at AWS at most, no device without its seed; the next run finishes."""
    points, suffer = run_of(place, kind)
    start = ALL.index(kind)
    happened = [suffer(n, when) for n in range(start, len(points), SAMPLED) for when in KILLS]
    assert sum(happened) >= len(happened) - 2  # the number of verifying calls differs from run to run


def test_the_calls_of_aws_are_died_around_in_full(place):
    """Every HTTP exchange of a rotation, before and after: where AWS may have done what this program does not know."""
    points, suffer = run_of(place, "rotate")
    sends = [number for number, name in enumerate(points) if name == "send"]
    assert len(sends) > 10
    # The verifying calls are alike: a few are enough.
    chosen = [*sends[:5], *sends[-3:]]
    happened = [suffer(number, when) for number in chosen for when in KILLS]
    assert sum(happened) >= len(happened) - 2


@pytest.mark.parametrize("kind", ["rotate", "mfa", "enroll"])
def test_faults_of_the_way_and_of_the_disk_leave_nothing_lost(place, kind):
    """Cut connections, throttling, 500s and a full disk, at exchanges and writes of every part of a run."""
    points, suffer = run_of(place, kind)
    faults = [(number, how) for number, how in at_each(points) if how not in KILLS]
    start = ALL.index(kind)
    happened = [suffer(number, how) for number, how in faults[start::SAMPLED_FAULTS]]
    assert len(happened) >= 3
    assert sum(happened) >= len(happened) - 2  # the number of verifying calls differs from run to run
