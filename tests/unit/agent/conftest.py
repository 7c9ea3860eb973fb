import pytest

from tests.unit.agent.serving import TICK, Running
from vault import limits


@pytest.fixture
def agent(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "AGENT_TICK", TICK)
    with Running(tmp_path / "v") as running:
        yield running
