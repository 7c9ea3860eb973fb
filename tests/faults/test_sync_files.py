"""Eight machines with real vault files and many edits: all end alike, no edit is lost and none comes back."""

from __future__ import annotations

import random

import pytest

from tests.faults.sync_files import FileWorld
from vault.remote import join, steps

pytestmark = [pytest.mark.usefixtures("untraced", "unmeasured"), pytest.mark.timeout(3600)]

WORLDS = [
    pytest.param(1, 120, False),
    pytest.param(2, 120, True),
    *(
        pytest.param(seed, 2_000, careless, marks=pytest.mark.long)
        for seed in (3, 4)
        for careless in (False, True)
    ),
]


@pytest.mark.parametrize(("seed", "count", "careless"), WORLDS)
def test_machines_with_files_lose_nothing(seed, count, careless, tmp_path, monkeypatch):
    """With kills in each step, lost answers, restored copies, new keys and removed machines; the bucket may be careless."""
    ids = random.Random(seed)  # IDs of machines decide orders: a world can be repeated
    for module in (steps, join):
        monkeypatch.setattr(module, "new_sid", lambda: ids.randbytes(8))
    world = FileWorld(tmp_path, seed, careless=careless)
    world.run(count)
    world.settle()
    assert world.problems() == []
    assert world.oracle.count >= count
    assert bool(world.noticed) <= careless
