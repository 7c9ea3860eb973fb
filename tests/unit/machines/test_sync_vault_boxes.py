"""How often the command opens a box: the vault once, and what it wrote once more."""

from __future__ import annotations

import pytest

from vault.aws.connections import ConnectionPool
from vault.machines import bucket_access
from vault.store import boxes


@pytest.fixture
def opened(monkeypatch):
    """The boxes that were opened in this process."""
    found, unseal = [], boxes.unseal

    def counted(*given, **how):
        found.append(how["label"])
        return unseal(*given, **how)

    monkeypatch.setattr(boxes, "unseal", counted)
    return found


@pytest.fixture
def pools(monkeypatch):
    """Closes what a command leaves to the end of its process."""
    made = []

    def pool():
        made.append(ConnectionPool())
        return made[-1]

    monkeypatch.setattr(bucket_access, "ConnectionPool", pool)
    yield
    for each in made:
        each.close()


@pytest.mark.usefixtures("pools")
def test_boxes_of_a_sync(laptop, here, s3, opened):
    """It is the vault that knows where the bucket is, so even a sync with nothing to do opens it."""
    laptop.remote()
    laptop.sync()
    s3.requests.clear()
    assert here(laptop.home, "sync").returncode == 0
    assert opened == ["main"]
    assert len(s3.requests) == 1
    laptop.add("prod", 1)
    opened.clear()
    s3.requests.clear()
    assert here(laptop.home, "sync").returncode == 0
    assert opened == ["main"] * 2
    assert [method for method, _ in s3.requests] == ["PUT"]
