"""Eight machines at a real server of S3, two processes of it on one folder: 2,000 edits, and every accident."""

from __future__ import annotations

import pytest

from tests.clients import s3_servers
from tests.fakes.s3_proxy import FAULTS
from tests.faults.sync_servers import ServerWorld
from tests.quick import read_models_once

pytestmark = [pytest.mark.usefixtures("untraced", "unmeasured"), pytest.mark.timeout(3600)]

EDITS = 2_000


@pytest.fixture
def folder(tmp_path):
    """Where the server and the machines have their files."""
    read_models_once()
    (tmp_path / "server").mkdir()
    return tmp_path


def test_eight_machines_at_a_real_server_lose_nothing(folder):
    """SIGKILL before and after each call of a sync, and a way that is slow, refuses, cuts and loses: all end alike."""
    with s3_servers.versitygw(str(folder / "server")) as (url, another):
        world = ServerWorld(folder, 1, [url, another()])
        try:
            world.run(EDITS)
            while world.never_killed() and world.oracle.count < 2 * EDITS:
                world.run(world.oracle.count + 50)
            world.settle()
            assert world.problems() == []
        finally:
            world.end()
    assert world.oracle.count >= EDITS
    assert world.noticed == 0
    assert world.never_killed() == []
    assert sum(world.killed.values()) > 100
    assert set(world.happened) == set(FAULTS)
    assert min(world.happened.values()) > 50
    assert world.restored > 0


def test_a_server_that_races_loses_nothing(folder):
    """With the probe off: two writers win at once, and what was overwritten is put there again by who had seen it."""
    with s3_servers.s3s_fs(str(folder / "server")) as url:
        world = ServerWorld(folder, 2, [url], accidents=False, at_once=8)
        world.run(300)
        world.settle()
        assert world.problems() == []
    assert world.noticed > 0, "no race: it shows nothing"
