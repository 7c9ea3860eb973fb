"""A sample of scripts/break-writes: tests/campaigns stops or refuses every write of the vault, this one in so many."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.campaign import KINDS, Campaign, plan
from tests.faults.stage import ACTS

pytestmark = pytest.mark.usefixtures("unmeasured")

KILLS = ("kill-before", "kill-after")


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    made = Campaign(str(tmp_path_factory.mktemp("faults")))
    yield made
    made.end()


def _run(campaign, faults):
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda fault: campaign.fault(*fault), faults))


def test_an_edit_killed_at_some_of_its_calls_leaves_the_old_or_the_new_vault(campaign):
    """SIGKILL before or after one: the vault opens, nothing is in plaintext, and the next write leaves nothing behind."""
    verdicts = _run(campaign, plan(campaign, ["add"], one_in=5, kinds=KILLS))
    assert len(verdicts) > 8
    assert set(verdicts) == {"old", "new"}
    # Once the new vault is there it stays: the calls come in order.
    assert verdicts == sorted(verdicts, key=("old", "new").index)


@pytest.mark.parametrize("act", ACTS)
def test_every_command_that_writes_survives_kills_and_errors(campaign, act):
    """One in fifty of: SIGKILL before and after, ENOSPC, EIO, EINTR, EMFILE and a short write at each call."""
    verdicts = _run(campaign, plan(campaign, [act], one_in=50, kinds=KINDS))
    assert len(verdicts) >= 2
    assert set(verdicts) <= {"old", "new"}


def test_the_calls_of_a_write_are_those_of_the_format(campaign):
    """Lock, write, fsync, link, rename, fsync of the folder, pin: the order of format.md 6."""
    calls = [call for call in campaign.points("add") if call not in ("openat", "fchmod", "mkdir")]
    write = ["write", "fsync"]  # the new file
    backup = [
        "renameat",
        "renameat",
        "linkat",
        "renameat",
        "unlinkat",
    ]  # bak2 to bak3, bak1 to bak2, the vault to bak1
    pin = ["write", "fsync", "renameat", "fsync"]
    assert calls[-14:] == ["flock", *write, *backup, "renameat", "fsync", *pin]
