"""The recovery sheet of an empty vault, and of one with everything in it."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.fakes.example import SEED
from tests.vaults import entry
from vault import limits
from vault.secret import Secret
from vault.store import vault
from vault.store.payload import KeyPair, Payload, RotationJournal
from vault.upkeep import paper, recovery_sheet


def test_the_sheet_names_keys_devices_and_a_rotation():
    """An empty vault says so; the new key of a rotation and a device without an entry are listed; no secret."""
    empty = Payload(
        gen=1,
        strict_gen=1,
        strict_sha256="",
        strict_key=None,
        cache_key=Secret(bytes(32)),
        entries={},
        seeds={},
    )
    made = {"vault_id": "v", "made": "today", "slots": ("pass",)}
    assert "none yet" in recovery_sheet.sheet(empty, **made)
    under_way = replace(
        entry(),
        journal=RotationJournal(
            step="created",
            began=0,
            known=(),
            new=KeyPair(access_key_id="AKIAI44QH8DHBEXAMPLE", secret=Secret("hidden")),
        ),
    )
    full = empty.with_entry("dev", under_way).with_seed(
        "arn:aws:iam::111111111111:mfa/loose", vault.StoredSeed(secret=Secret(SEED), created=0)
    )
    text = recovery_sheet.sheet(full, **made)
    assert "AKIAI44QH8DHBEXAMPLE" in text
    assert "mfa/loose" in text
    assert "hidden" not in text
    assert SEED not in text


def test_every_line_fits_a_printed_page():
    """With the longest that AWS allows: 80 columns, and the device's ARN is whole."""
    serial = "arn:aws-us-gov:iam::111111111111:mfa/" + "department-of-testing/" * 20 + "u" * 128
    made = replace(entry(), account="111111111111", user="u" * 64, mfa_serial=serial)
    payload = Payload(
        gen=1,
        strict_gen=1,
        strict_sha256="",
        strict_key=None,
        cache_key=Secret(bytes(32)),
        entries={"n" * 100: made, "short": replace(made, mfa_serial=None)},
        seeds={
            serial: vault.StoredSeed(secret=Secret(SEED), created=0),
            serial + "2": vault.StoredSeed(secret=Secret(SEED), created=0),
        },
    )
    kinds = ("passphrase", "keyring", "recovery code", "helper")
    text = recovery_sheet.sheet(payload, vault_id="v" * 22, made="2026-05-01 14:00", slots=kinds)
    assert max(map(paper.columns, text.splitlines())) <= limits.PAPER_COLUMNS
    packed = "".join(text.split())
    assert serial + "(itsseedisinthevault)" in packed
    assert "continues on the next line" in text
    policy = json.loads(text[text.index("{") :])
    assert policy["Statement"][0]["Condition"] == {
        "DateLessThan": {"aws:TokenIssueTime": "2030-01-01T00:00:00Z"}
    }
