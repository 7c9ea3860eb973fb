import pytest

from tests.unit.agent.serving import Running


@pytest.fixture
def agent(tmp_path):
    with Running(tmp_path / "v") as running:
        yield running
