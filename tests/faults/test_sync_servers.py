"""Machines that sync by processes and over the wire lose no edit: some of what tests/campaigns/test_sync_servers.py does at a real server."""

from __future__ import annotations

import pytest

from tests.fakes.s3 import S3StandIn
from tests.faults import dying
from tests.faults.sync_servers import ServerWorld
from tests.quick import read_models_once
from vault.sync import edits

pytestmark = [pytest.mark.usefixtures("untraced", "unmeasured"), pytest.mark.timeout(3600)]


@pytest.fixture
def world(tmp_path):
    """Four machines at the stand-in."""
    read_models_once()
    with S3StandIn() as s3:
        made = ServerWorld(tmp_path, 1, [s3.url], machines=4, names=5)
        yield made
        made.end()


def test_machines_at_a_server_lose_nothing(world):
    """Processes die in their syncs, and requests and answers are slow, refused, cut, late and lost."""
    world.run(80)
    world.settle()
    assert world.problems() == []
    assert world.noticed == 0
    assert len(world.killed) > 5
    assert len(world.happened) > 3


def an_edit_stands_on_all(patch):
    made = edits._version

    def version(key, content, was, found, *, dot):
        return made(key, content, was._replace(on=tuple(v.dot for v in found)), found, dot=dot)

    patch.setattr(edits, "_version", version)


@pytest.mark.long
def test_without_a_rule_something_is_lost(world, monkeypatch):
    """The world notices, so the other test can fail."""
    an_edit_stands_on_all(monkeypatch)
    world.run(400)
    world.settle()
    assert world.problems() != []


def test_children_run_at_once():
    """One waits for what the other does."""
    import os

    reading, writing = os.pipe()
    first = dying.start(lambda: os.read(reading, 1).decode())
    second = dying.start(lambda: os.write(writing, b"x"))
    assert (first.end().value, second.end().value) == ("x", 1)
    os.close(reading)
    os.close(writing)
