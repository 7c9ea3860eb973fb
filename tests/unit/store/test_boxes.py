"""Boxes before a write: one that does not hold what was meant is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.vaults import entry, new_vault, paths_in
from vault import errors
from vault.crypto.seal import seal
from vault.store import boxes, vault
from vault.store.boxes import Draft, Strict
from vault.store.padding import pad


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


@pytest.mark.parametrize("what", ["entries", "strict"])
def test_a_file_that_holds_something_else_than_was_meant_is_refused(paths, what):
    """Sealed, whole and wrong: the last look before it takes the old vault's place."""
    opened = new_vault(paths)
    key = boxes.new_key()
    draft = Draft(
        k_main=opened.k_main, payload=opened.payload, slots=opened.header.slots, strict=Strict(key=key)
    )
    built = boxes.build(draft, vault_id=opened.vault_id, gen=2, time=1, strict_box=None)
    boxes.verify(built.raw, draft, built, path="it")
    seeds = {"serial": vault.StoredSeed(secret=opened.k_main, created=1)}
    meant = {
        "entries": Draft(
            k_main=draft.k_main, payload=draft.payload.with_entry("a", entry()), slots=draft.slots
        ),
        "strict": Draft(
            k_main=draft.k_main, payload=draft.payload, slots=draft.slots, strict=Strict(key=key, seeds=seeds)
        ),
    }[what]
    with pytest.raises(errors.Internal, match="not written as intended"):
        boxes.verify(built.raw, meant, built, path="it")


def test_a_strict_box_needs_its_key(paths):
    """Another key, or another text under it, is damage and not an empty box of seeds."""
    opened = new_vault(paths)
    with pytest.raises(errors.Damaged, match="the strict box does not open with its key"):
        boxes.open_strict(opened.file, opened.payload, boxes.new_key(), path="it")
    key = boxes.new_key()
    aad = opened.vault_id + opened.payload.strict_gen.to_bytes(8, "big")
    box = seal(key, label="strict", aad=aad, plaintext=pad(b"[]", step=4096))
    with pytest.raises(errors.Damaged, match="the strict box is not an object"):
        boxes.open_strict(replace(opened.file, strict=box), opened.payload, key, path="it")


def test_a_vault_without_a_strict_box_is_not_written(paths):
    """There is none to carry over into a first vault."""
    opened = new_vault(paths)
    draft = Draft(k_main=opened.k_main, payload=opened.payload, slots=opened.header.slots)
    with pytest.raises(errors.Internal, match="needs a strict box"):
        boxes.build(draft, vault_id=opened.vault_id, gen=1, time=1, strict_box=None)
