"""Two homes of one user, and the bucket that they share."""

from __future__ import annotations

import pytest

from tests.fakes.example import KEY_ID, SECRET
from tests.fakes.s3 import S3StandIn
from tests.home import Home
from tests.unit.machines.machine import Machine

KEY = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}


@pytest.fixture
def s3():
    with S3StandIn() as stand_in:
        yield stand_in


@pytest.fixture
def laptop(home, s3):
    """A machine whose vault has the key dev."""
    home.make_vault("dev", seed=None, serial=None)
    home.env.update(KEY)
    return Machine(home, s3)


@pytest.fixture
def desktop(tmp_path, aws, s3):
    """A machine without a vault."""
    other = Home(tmp_path / "other", url=aws.url)
    other.env.update(KEY)
    return Machine(other, s3)
