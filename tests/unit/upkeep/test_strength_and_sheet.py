"""What a passphrase is worth, what a unit of systemd can hold, and the sheet of a vault with everything in it."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from tests.fakes.example import SEED
from tests.vaults import entry
from vault import errors
from vault.agent_process import systemd_units
from vault.secret import Secret
from vault.store import vault
from vault.store.payload import KeyPair, Payload, RotationJournal
from vault.upkeep import passphrase_strength, recovery_sheet


@pytest.mark.parametrize(
    ("given", "said"), [(b"\xff" * 20, "not UTF-8"), ("x" * 11, "11 characters"), ("ab" * 600, "1200 bytes")]
)
def test_a_passphrase_that_is_not_taken(given, said):
    """Too short, too long, or no text."""
    with pytest.raises(errors.Usage, match=said):
        passphrase_strength.check(Secret(given))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("123456789012345", "only digits"),
        ("password-password", "most common"),
        ("xyxyxyxyxyxyxy", "repeats a few"),
        ("asdfghjklqaz", "keyboard"),
        ("correct horse battery staple", None),
    ],
)
def test_why_a_passphrase_is_weak(given, said):
    """The reason is told; a good one has none."""
    found = passphrase_strength.weakness(Secret(given))
    assert found is None if said is None else said in found


def test_a_unit_holds_no_control_characters(monkeypatch):
    """A path with a line's end in it would be a second setting."""
    with pytest.raises(errors.ConfigError, match="cannot stand in a systemd unit"):
        systemd_units._plain("/a\nExecStart=/evil")
    with pytest.raises(errors.ConfigError, match="cannot stand in a systemd unit"):
        systemd_units._quoted("/a\x1b")
    assert systemd_units._plain("/a%b") == "/a%%b"
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(errors.ConfigError, match="for Linux"):
        systemd_units.install(None)


def test_the_sheet_names_keys_devices_and_a_rotation():
    """An empty vault says so; a successor under way and a device without an entry are not forgotten; no secret."""
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
