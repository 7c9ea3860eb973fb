"""`remote … --json` as its reference has it; tests/unit/machines has what these commands do."""

from __future__ import annotations

import json

from tests.fakes.s3 import URL
from tests.unit.cli.json_tables import compare
from tests.unit.cli.outcomes import WHOLE
from tests.unit.machines.conftest import desktop, laptop, s3
from vault.cli.sync_view import outcome_json, waiting_json

__all__ = ["desktop", "laptop", "s3"]

KMS = "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def test_json_is_documented(laptop, s3):
    """An object of the probe that could not be removed, a KMS key and a profile."""
    s3.denies = {"DELETE"}
    added = json.loads(laptop.remote("--json", "--kms-key", KMS, "--profile", "dev").stdout)
    assert len(added["left"]) == 5
    compare("remote add", added, {**outcome_json(WHOLE, URL), "left": []})
    shown = json.loads(laptop.ok("remote", "show", "--json").stdout)
    assert (shown["kms_key"], shown["profile"]) == (KMS, "dev")
    compare("remote show", shown, {**shown, "waiting": waiting_json(WHOLE.waiting)})
    compare("remote remove", json.loads(laptop.ok("remote", "remove", "--yes", "--json").stdout))


def test_remote_is_shown_in_words(laptop, s3):
    laptop.remote()
    shown = laptop.ok("remote", "show").stdout
    assert f"remote       {URL}\n" in shown
    assert f"endpoint     {s3.url}\n" in shown
    assert "this machine" in shown
