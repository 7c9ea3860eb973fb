"""`sync --json` as its reference has it; tests/unit/machines has what a sync does."""

from __future__ import annotations

from tests.unit.cli.json_tables import compare
from tests.unit.cli.outcomes import WHOLE
from tests.unit.machines.conftest import desktop, laptop, s3
from vault.cli.sync_view import outcome_json

__all__ = ["desktop", "laptop", "s3"]


def test_json_is_documented(laptop):
    """A first sync, one with nothing to do, and one with every field."""
    laptop.remote()
    laptop.add("prod", 1)
    compare("sync", laptop.sync(), laptop.sync(), outcome_json(WHOLE, "s3://my-bucket/vault.avlt"))
