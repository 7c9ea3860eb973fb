"""A machine that has the key puts states into the bucket that are not quite as machines write them, in every place and in every way.

Each is refused, or merged: another machine loses no edit of its own, and can read what it keeps.
"""

from __future__ import annotations

import copy
import random
import shutil
from dataclasses import replace

import pytest

from tests.fakes.bucket import InProcessBucket
from tests.machines import Computer
from tests.vaults import entry
from vault import errors
from vault.remote import local_state
from vault.store import boxes
from vault.store.format import parse_file

pytestmark = pytest.mark.usefixtures("untraced", "unmeasured")

NUMBERS = (0, 1, 2, 3, 9, 2**31, 2**53 - 1, 2**53)
TEXTS = ("", "\x1b[2J", "../x", "a" * 300, "entry/dev", "journal/x/dev", "strict", "{}", "[[[[[[[[[]]]]]]]]]")
MINE = "AKIAI44QH8DHBEXAMPLE"


def places(value):
    """Each (container, key or index) in ``value``."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in list(inner):
        yield value, key
        if isinstance(one, dict | list):
            yield from places(one)


def changed(value, dice):
    """A copy with one to three changes."""
    value = copy.deepcopy(value)
    for _ in range(dice.randrange(1, 4)):
        there = list(places(value))
        if there:
            change(dice, *dice.choice(there), there)
    return value


def change(dice, holder, key, there):
    """Another number, another text, a part that is gone, is there twice, or comes from elsewhere."""
    old = holder[key]
    other_holder, other_key = dice.choice(there)
    alike = [h[k] for h, k in there if type(h[k]) is type(old)]
    act = dice.randrange(5)
    if act == 0 and isinstance(old, int):
        holder[key] = dice.choice((*NUMBERS, old + 1, max(0, old - 1)))
    elif act == 0 and isinstance(old, str):
        holder[key] = dice.choice((*TEXTS, *alike))
    elif act == 1:
        del holder[key]
    elif act == 2 and isinstance(holder, dict):
        named = [k for h, k in there if isinstance(h, dict)]
        holder[dice.choice((*TEXTS, *named))] = holder.pop(key)
    elif act == 3 and isinstance(holder, list):
        holder.append(copy.deepcopy(old))
    elif act == 4:
        holder[key] = copy.deepcopy(other_holder[other_key])
    else:
        holder[key] = copy.deepcopy(dice.choice(alike))


def begun(tmp_path):
    """Two machines with a conflict, a removal, a seed's entry and edits of both, and the file that they share."""
    bucket = InProcessBucket()
    laptop, desktop = Computer(tmp_path, "laptop", bucket), Computer(tmp_path, "desktop", bucket)
    laptop.begin(dev=entry(), old=entry("AKIAIOSFODNN8EXAMPLE"))
    desktop.join()
    laptop.store("prod", "AKIAIOSFODNN9EXAMPLE", account="111111111111", user="me", mfa_serial="m")
    laptop.store("dev", "AKIAI66QH8DHBEXAMPLE")
    desktop.store("dev", "AKIAI55QH8DHBEXAMPLE")
    desktop.remove("old")
    for one in (laptop, desktop, laptop, desktop, laptop):
        one.sync()
    return laptop, desktop


def forged(raw, key, dice):
    """The bucket's file with a changed state, in the next generation."""
    found = parse_file(raw)
    payload = boxes.open_main(found, key, path="it")
    sync = changed(payload.unknown["sync"], dice)
    draft = boxes.Draft(
        k_main=key, payload=replace(payload, unknown={"sync": sync}), slots=found.header.slots
    )
    built = boxes.build(
        draft, vault_id=found.header.vault_id, gen=found.header.gen + 1, time=9, strict_box=found.strict
    )
    return built.raw


@pytest.mark.parametrize(
    "count", [150, pytest.param(2_000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])]
)
def test_no_state_breaks_another_machine(tmp_path, count):
    laptop, desktop = begun(tmp_path)
    good, key = laptop.bucket.data, desktop.local().remote.key
    shutil.copytree(tmp_path / "laptop", tmp_path / "kept")
    merged = refused = 0
    for seed in range(count):
        dice = random.Random(seed)
        shutil.rmtree(tmp_path / "laptop")
        shutil.copytree(tmp_path / "kept", tmp_path / "laptop")
        laptop.store("mine", MINE)
        laptop.store("prod", MINE, account="111111111111", user="me")
        try:
            laptop.bucket.serve(forged(good, key, dice))
        except ValueError:  # no vault can have it
            continue
        try:
            done = laptop.sync()
        except errors.Error as error:
            assert error.exit_code in (6, 9, 10), (seed, error)
            assert laptop.held()["mine"] == laptop.held()["prod"] == MINE, seed
            refused += 1
        else:
            asked = {one.key_id for each in done.waiting for one in each.versions}
            for name in ("mine", "prod"):
                assert laptop.held().get(name) == MINE or MINE in asked, (seed, name)
            laptop.sync()
            merged += 1
        local_state.require(laptop.opened().payload)
    assert merged > count // 10
    assert refused > count // 10
