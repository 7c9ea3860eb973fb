"""The vault as the rest of the program sees it: created once, and opened while others write."""

from __future__ import annotations

import os

import pytest

from tests.vaults import new_vault, paths_in, soon
from vault import errors
from vault.store import file, vault
from vault.store.boxes import Draft
from vault.store.slots.recovery import RecoverySlot, new_code


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


def test_a_first_vault_never_replaces_one(paths):
    """Not even one that appeared after we looked."""
    first = new_vault(paths)
    with pytest.raises(errors.AlreadyExists):
        new_vault(paths)
    with file.open_folder(paths) as folder, pytest.raises(errors.AlreadyExists):
        file.create(folder, first.file.raw, check=lambda raw: None)
    assert vault.open_with_main_key(paths, first.k_main).header.gen == 1
    assert sorted(os.listdir(paths.vault_folder)) == ["vault.avlt", "vault.lock"]


def test_a_rekey_while_a_slot_opens_is_no_damage(paths, monkeypatch):
    """Between the two reads another process rekeys the vault: the slot opens the new file, and nothing is damaged."""
    code, fresh = new_code(), vault.new_key()

    def rekeyed_with(key):
        def change(draft, found):
            slot = RecoverySlot(code).wrap(key, vault_id=found.header.vault_id)
            return Draft(k_main=key, payload=draft.payload, slots=(slot,), new_keys=True)

        return change

    opened = vault.rewrite(paths, new_vault(paths).k_main, rekeyed_with(vault.new_key()), deadline=soon())
    unwrap, asked = RecoverySlot.unwrap, []

    def meanwhile(self, record, *, vault_id):
        key = unwrap(self, record, vault_id=vault_id)
        if not asked:
            asked.append(vault.rewrite(paths, opened.k_main, rekeyed_with(fresh), deadline=soon()))
        return key

    monkeypatch.setattr(RecoverySlot, "unwrap", meanwhile)
    found = vault.open_with(paths, RecoverySlot(code))
    assert (found.header.gen, found.k_main) == (asked[0].header.gen, fresh)
