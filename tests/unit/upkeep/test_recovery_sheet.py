"""The recovery sheet of an empty vault, and of one with everything in it."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.example import SEED
from tests.vaults import entry
from vault.secret import Secret
from vault.store import vault
from vault.store.payload import KeyPair, Payload, RotationJournal
from vault.upkeep import recovery_sheet


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
