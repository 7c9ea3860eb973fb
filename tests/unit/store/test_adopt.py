"""A vault that came from another machine."""

from __future__ import annotations

import os

import pytest

from tests.vaults import CHEAP, entry, new_vault, paths_in, soon
from vault import errors
from vault.secret import Secret
from vault.store import adopt, vault
from vault.store.boxes import Draft, Strict, new_key
from vault.store.payload import Payload
from vault.store.slots.passphrase import PassphraseSlot

VAULT_ID = bytes(range(16))
PASSPHRASE = Secret("correct horse battery staple")


def draft():
    k_main = new_key()
    slot = PassphraseSlot(PASSPHRASE, kdf=CHEAP).wrap(k_main, vault_id=VAULT_ID)
    payload = Payload(cache_key=new_key(), entries={"dev": entry()})
    return Draft(k_main=k_main, payload=payload, slots=(slot,), strict=Strict(key=new_key()))


def test_it_has_the_id_of_the_other_and_opens_by_its_own_slots(tmp_path):
    paths = paths_in(tmp_path)
    adopt.create_from(paths, draft(), vault_id=VAULT_ID, deadline=soon())
    opened = vault.open_with_passphrase(paths, PASSPHRASE, deadline=soon())
    assert (opened.vault_id, opened.header.gen, list(opened.payload.entries)) == (VAULT_ID, 1, ["dev"])


def test_it_is_newer_than_what_this_machine_has_seen_of_that_id(tmp_path):
    """A vault that was deleted here comes back: the pin does not take it for an older copy."""
    paths = paths_in(tmp_path)
    made = draft()
    first = adopt.create_from(paths, made, vault_id=VAULT_ID, deadline=soon())
    vault.edit(paths, first.k_main, lambda p: p.without_entry("dev"), deadline=soon())
    for name in os.listdir(paths.vault_folder):
        os.unlink(os.path.join(paths.vault_folder, name))
    assert adopt.create_from(paths, made, vault_id=VAULT_ID, deadline=soon()).header.gen == 3
    assert vault.open_with_main_key(paths, made.k_main).payload.entries


def test_it_replaces_no_vault(tmp_path):
    paths = paths_in(tmp_path)
    before = new_vault(paths)
    with pytest.raises(errors.AlreadyExists):
        adopt.create_from(paths, draft(), vault_id=VAULT_ID, deadline=soon())
    assert vault.open_with_main_key(paths, before.k_main).vault_id == before.vault_id
