"""A million runs of the native front under AddressSanitizer and UBSan (scripts/fuzz-front)."""

from __future__ import annotations

import time

import pytest

from tests.faults.test_front_fuzz import fuzz


@pytest.mark.usefixtures("untraced")
@pytest.mark.timeout(1800)
def test_a_million_random_frames_and_environments():
    """Others than the short run has: they start at the time of the day."""
    done = fuzz("1000000", str(int(time.time())))
    assert done.returncode == 0, done.stderr
