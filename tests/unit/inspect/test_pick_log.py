"""Picking a profile without a log that can be read."""

from __future__ import annotations

import os
from collections import Counter

from vault.credentials import audit
from vault.inspect import pick


def test_profiles_are_picked_without_a_log_that_can_be_read(bench, beside):
    """Most used first, and the files' order where the log is damaged."""
    context = bench.context()
    audit.log_issued(context, bench.keys(context), bench.ask("prod"), use="export")
    beside.give()
    assert pick.used(bench.context()) == Counter(prod=1)
    for name in os.listdir(context.paths.log):
        path = f"{context.paths.log}/{name}"
        with open(path, "r+b") as file:
            file.write(b"\xff" * os.path.getsize(path))
    assert pick.used(bench.context()) == Counter()
