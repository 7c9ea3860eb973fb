"""A slot of a kind that this version does not know."""

from __future__ import annotations

import dataclasses

import pytest

from tests.vaults import entry, new_vault, paths_in, soon
from vault import errors
from vault.secret import Secret
from vault.store import vault
from vault.store.format import Ext, SlotRecord
from vault.store.slots import unwrap_key, wrap_key

KEY = Secret(bytes(range(32)))


GOOD = Secret("correct horse battery staple")


def test_an_ext_slot_is_skipped_and_kept(tmp_path):
    """A helper's slot opens nothing here; the vault opens by another slot, and a change keeps the helper's."""
    paths = paths_in(tmp_path)
    opened = new_vault(paths)
    blank = SlotRecord(type="ext", sid=bytes(8), opens="main", wrap=b"", ext=Ext(name="age", data=b"x"))
    helper = wrap_key(KEY, blank, vault_id=opened.vault_id, key=opened.k_main)
    vault.rewrite(
        paths,
        opened.k_main,
        lambda draft, _: dataclasses.replace(draft, slots=(helper, *draft.slots)),
        deadline=soon(),
    )
    again = vault.open_with_passphrase(paths, GOOD, deadline=soon())
    assert again.slot is not None
    assert again.slot.type == "pass"
    with pytest.raises(errors.WrongPassphrase):
        vault.open_with_passphrase(paths, Secret("another passphrase altogether"), deadline=soon())
    vault.edit(paths, again.k_main, lambda payload: payload.with_entry("a", entry()), deadline=soon())
    kept = vault.read_header(paths).slots[0]
    assert kept == helper
    assert unwrap_key(KEY, kept, vault_id=opened.vault_id) == opened.k_main
