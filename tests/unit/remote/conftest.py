"""A bucket in this process, and machines with real vault files that share it."""

import pytest

from tests.fakes.bucket import InProcessBucket
from tests.machines import Computer
from tests.vaults import entry


@pytest.fixture
def bucket():
    return InProcessBucket()


@pytest.fixture
def laptop(tmp_path, bucket):
    """A machine whose vault, with the entry dev, is in the bucket."""
    computer = Computer(tmp_path, "laptop", bucket)
    computer.begin(dev=entry())
    return computer


@pytest.fixture
def desktop(tmp_path, bucket, laptop):
    """A second machine, made from the bucket; both have synced."""
    computer = Computer(tmp_path, "desktop", bucket)
    computer.join()
    laptop.sync()
    bucket.requests.clear()
    return computer
