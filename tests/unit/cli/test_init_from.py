"""`init --from --json` as its reference has it; tests/unit/machines/test_new_machine.py has what it does."""

from __future__ import annotations

import json

from tests.unit.cli.json_tables import compare
from tests.unit.machines.conftest import desktop, laptop, s3

__all__ = ["desktop", "laptop", "s3"]


def test_json_is_documented(laptop, desktop):
    """The passphrase opens it."""
    laptop.remote()
    made = json.loads(desktop.join("--json").stdout)
    compare("init --from", made)
    assert made["opened_by"] == ["passphrase"]
