"""SIGKILL at some writes, renames and HTTP exchanges of an import, a setup, a setup --sso and their undo; tests/campaigns has all."""

from __future__ import annotations

import pytest

from tests.faults import moving

SAMPLED = 9  # every so many kills, from another start for each act

pytestmark = pytest.mark.usefixtures("untraced", "unmeasured")


@pytest.fixture(scope="module")
def place():
    return moving.template()


@pytest.mark.parametrize("act", moving.ACTS)
def test_a_kill_loses_no_key_and_leaves_no_half_file(act, place, aws):
    """Before and after each point: both files whole, each key in the vault or where it was, the next run finishes."""
    after, points = moving.target(place, act, aws)
    assert {"write", "fsync", "rename", "unlink"} & set(points)
    assert ("send" in points) == (act in ("import", "import-csv"))
    every = [(number, when) for number in range(len(points)) for when in ("before", "after")]
    for number, when in every[moving.ACTS.index(act) :: SAMPLED]:
        assert moving.die_at(place, act, aws, number, when, after), (number, when)
