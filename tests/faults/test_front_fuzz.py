"""The native front under AddressSanitizer and UBSan: tests/campaigns runs a million of what this runs some thousands of."""

from __future__ import annotations

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RUNS = 20_000


def fuzz(*words):
    return subprocess.run(
        [sys.executable, os.path.join(ROOT, "scripts", "fuzz-front"), *words],
        capture_output=True,
        text=True,
        check=False,
    )


def test_random_frames_and_environments():
    """Each run ends in one way: an answer, the command, or the full program with the caller's environment."""
    done = fuzz(str(RUNS))
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("nothing found\n")


def test_a_wrong_word_is_a_usage_error():
    """Nothing is compiled for it."""
    assert fuzz("many").returncode == 1
