"""Machines that meet at a bucket lose no edit and bring none back (tests/faults/sync_world.py); without a rule they do."""

import copy
import random
from dataclasses import replace

import pytest

from tests.faults.sync_laws import check_laws
from tests.faults.sync_world import Machine, World
from vault.sync import edits, shown, takeover, versions

pytestmark = pytest.mark.usefixtures("untraced")


def world_of(seed, count=400, **how):
    world = World(seed)
    world.run(count, **how)
    return world


def test_nothing_is_lost_and_nothing_comes_back():
    """Eight machines, with partitions, kills, lost answers, restored copies, cloned disks and removed machines."""
    replays = 0
    for seed in range(12):
        world = world_of(seed)
        world.settle(seed)
        assert world.problems() == [], seed
        replays += world.replays
    assert replays > 100  # states that lacked something were shown, and each was noticed


def test_the_order_of_syncs_does_not_matter():
    """After 400 edits, the last syncs in 12 orders: one result."""
    results = set()
    for order in range(12):
        world = world_of(1)
        world.settle(order, rounds=2)
        assert world.problems() == []
        results.add(world.result())
    assert len(results) == 1


def test_a_merge_is_a_least_upper_bound(monkeypatch):
    """Commutative, associative, idempotent, and nothing is missing after it: over states that machines meet on their way."""
    pool, sync = [], Machine.sync

    def kept(machine, *, dies=""):
        pool.append(machine.local.state)
        try:
            sync(machine, dies=dies)
        finally:
            pool.append(machine.local.state)

    monkeypatch.setattr(Machine, "sync", kept)
    pool += world_of(5000, 250).bucket.history
    dice = random.Random(0)
    for _ in range(400):
        check_laws(*dice.choices(pool, k=3))


def all_are_kept(patch):
    patch.setattr(versions, "newest", lambda found: tuple({v.order(): v for v in found}.values()))


def the_newer_clock_wins(patch):
    newest = versions.newest
    patch.setattr(versions, "newest", lambda found: newest(found)[-1:])


def plain_vectors(patch):
    made = edits._version
    patch.setattr(edits, "_version", lambda *given, dot: replace(made(*given, dot=dot), beside=frozenset()))


def an_edit_stands_on_all(patch):
    made = edits._version

    def version(key, content, was, found, *, dot):
        return made(key, content, was._replace(on=tuple(v.dot for v in found)), found, dot=dot)

    patch.setattr(edits, "_version", version)


def names_are_used_again(patch):
    patch.setattr(takeover, "overtaken", lambda *_: False)
    patch.setattr(takeover, "removed", lambda *_: False)


def fields_of_anybody_join(patch):
    patch.setattr(shown, "_of_one_user", lambda _: True)


def seeds_are_not_touched(patch):
    changed = edits._changed

    def entries(shown_before, held, answered):
        found = changed(shown_before, held, answered)
        differ = {
            key
            for key in found
            if not versions.same(held.get(key), shown_before.get(key, shown.NOTHING).content)
        }
        return [key for key in found if key in differ or key in answered]

    patch.setattr(edits, "_changed", entries)
    patch.setattr(shown, "_named_serials", lambda *_: set())


@pytest.mark.parametrize(
    "without",
    [
        all_are_kept, the_newer_clock_wins, plain_vectors, an_edit_stands_on_all, names_are_used_again,
        fields_of_anybody_join, seeds_are_not_touched,
    ],
)  # fmt: skip
def test_without_a_rule_something_is_lost(without, monkeypatch):
    """Each rule is needed: a world without it loses an edit, brings one back, mixes two users or contradicts itself."""
    without(monkeypatch)
    for seed in range(40):
        try:
            world = world_of(seed, 300)
            world.settle(seed)
        except (AssertionError, KeyError):
            return
        if world.problems():
            return
    pytest.fail("no world noticed")


def test_a_fork_is_told_apart():
    """A bucket that keeps two branches for two groups, and shows one group the other's: noticed by those who saw more."""
    noticed = 0
    for seed in range(6):
        world = world_of(seed, 150, copied=False)
        world.settle(seed)
        fork = world.bucket.state
        branches = [world.bucket, copy.deepcopy(world.bucket)]
        groups = {machine: number % 2 for number, machine in enumerate(world.machines)}
        for _ in range(20):
            machine = world.dice.choice(world.machines)
            world.bucket = branches[groups[machine]]
            machine.edit("strict", {"box": world.token()})
            machine.sync()
        for machine, group in groups.items():
            has_seen_more = branches[group].history[machine.met].lasts() != fork.lasts()
            assert bool(versions.missing(machine.pin, branches[1 - group].state)) == has_seen_more
            noticed += has_seen_more
    assert noticed > 30
