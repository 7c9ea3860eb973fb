"""The keyring slot, in a real keyring on a session bus of its own: what opens it, and what it remembers."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.keyrings import desktop, login
from tests.patience import PATIENCE
from tests.vaults import entry, new_vault, paths_in, soon
from vault import errors
from vault.crypto.seal import b64u
from vault.errors import NotThisSlot
from vault.store import vault
from vault.store.slots.keyring import KeyringSlot
from vault.system import keyring

__all__ = ["desktop", "login"]


def test_a_keyring_slot_opens_the_vault_and_keeps_the_generation(login, tmp_path):
    """The item is v1, a key and a generation (format.md 4), raised when the vault was opened at a later one."""
    paths = paths_in(tmp_path)
    opened = new_vault(paths, others=[KeyringSlot(gen=1, seconds=PATIENCE)])
    ((user, text),) = login.items().items()
    assert user == f"{b64u(opened.vault_id)}/{opened.header.slots[1].name}"
    assert text.startswith("v1:")
    assert text.endswith(":1")
    vault.edit(paths, opened.k_main, lambda p: p.with_entry("a", entry()), deadline=soon())
    again = vault.open_with(paths, KeyringSlot(seconds=PATIENCE))
    assert again.k_main == opened.k_main
    assert again.slot is not None
    assert again.slot.host == os.uname().nodename
    assert next(iter(login.items().values())).endswith(":2")


def test_a_missing_or_foreign_item_opens_nothing(login, tmp_path):
    """Of another version, somebody's own, or gone: the slot says so, and no later generation is written into it."""
    paths = paths_in(tmp_path)
    opened = new_vault(paths, others=[KeyringSlot(gen=1, seconds=PATIENCE)])
    ((user, held),) = login.items().items()
    key, record = held.split(":")[1], opened.header.slots[1]
    for text in (
        "", "hello", "v1", f"v2:{key}:1", f"v1:{key}", f"v1:{key}:x", f"v1:{key}:-1", f"v1:{key}:\u0661", "v1:AA:1", "v1:!:1",
        None,
    ):  # fmt: skip
        if text is None:
            keyring.delete(user, seconds=PATIENCE)
        else:
            keyring.put(user, text, seconds=PATIENCE)
        slot = KeyringSlot(seconds=PATIENCE)
        said = "no item for this vault" if text is None else "its item is not valid"
        with pytest.raises(NotThisSlot, match=said):
            slot.unwrap(record, vault_id=opened.vault_id)
        slot.remember(record, vault_id=opened.vault_id, gen=5)
        assert (slot.known_gen, login.items()) == (0, {} if text is None else {user: text})


def test_the_keyring_alone_notices_an_older_copy(login, tmp_path):
    """On a machine whose state folder was lost with its pin."""
    paths = paths_in(tmp_path)
    opened = new_vault(paths, others=[KeyringSlot(gen=1, seconds=PATIENCE)])
    with open(paths.vault, "rb") as file:
        old = file.read()
    vault.edit(paths, opened.k_main, lambda p: p.with_entry("a", entry()), deadline=soon())
    vault.open_with(paths, KeyringSlot(seconds=PATIENCE))
    with open(paths.vault, "wb") as file:
        file.write(old)
    shutil.rmtree(paths.state)
    with pytest.raises(errors.RolledBack, match="keyring slot has seen generation 2"):
        vault.open_with(paths, KeyringSlot(seconds=PATIENCE))


def test_another_key_in_the_item_opens_nothing(login, tmp_path):
    """The wrap is sealed: a wrong key is noticed."""
    new_vault(paths_in(tmp_path), others=[KeyringSlot(gen=1, seconds=PATIENCE)])
    (user,) = login.items()
    keyring.put(user, "v1:" + "A" * 43 + ":1", seconds=PATIENCE)
    with pytest.raises(NotThisSlot):
        vault.open_with(paths_in(tmp_path), KeyringSlot(seconds=PATIENCE))
