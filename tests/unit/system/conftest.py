"""A terminal for each test that wants one."""

from __future__ import annotations

import pytest

from tests.unit.system.terminals import Pty


@pytest.fixture
def pty():
    made = Pty()
    yield made
    made.end()
