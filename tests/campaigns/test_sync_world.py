"""The worlds of tests/faults/test_sync_world.py by the hundred: 500 of them, 200 orders of the last syncs, 10,000 merges."""

from __future__ import annotations

import copy
import random

import pytest

from tests.faults.sync_laws import check_laws
from tests.faults.sync_world import World

pytestmark = [pytest.mark.usefixtures("untraced"), pytest.mark.timeout(3600)]

PARTS = 10


@pytest.mark.parametrize("part", range(PARTS))
def test_worlds_lose_nothing(part):
    """50 of them each."""
    for seed in range(100 + part, 600, PARTS):
        world = World(seed)
        world.run(400)
        world.settle(seed)
        assert world.problems() == [], seed


@pytest.mark.parametrize("seed", [1, 2])
def test_two_hundred_orders_have_one_result(seed):
    """After 2,000 edits."""
    before = World(seed, names=60)
    before.run(2000)
    before.bucket.history = before.bucket.history[-1:]
    results = set()
    for machine in before.machines:
        machine.met = 0
    for order in range(200):
        world = copy.deepcopy(before)
        world.settle(order, rounds=2)
        assert world.problems() == [], order
        results.add(world.result())
    assert len(results) == 1


def test_ten_thousand_merges_obey_the_laws():
    """Commutative, associative, idempotent, and nothing is missing after one."""
    dice = random.Random(0)
    for seed in range(50):
        world = World(7000 + seed, names=8)
        world.run(250)
        pool = [*world.bucket.history, *(one.local.state for one in world.machines)]
        for _ in range(200):
            check_laws(*dice.choices(pool, k=3))
