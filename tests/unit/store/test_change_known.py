"""A caller that has opened the vault: its content is not opened again, unless the file is another one."""

from __future__ import annotations

import pytest

from tests.vaults import entry, new_vault, paths_in, soon
from vault.frozen import replace
from vault.secret import Secret
from vault.store import boxes, vault


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


@pytest.fixture
def opens(monkeypatch):
    """How often a main box was opened."""
    found, real = [], boxes.open_main

    def open_main(file, *given, **how):
        found.append(file.header.gen)
        return real(file, *given, **how)

    monkeypatch.setattr(boxes, "open_main", open_main)
    return found


def add(paths, known, name, k_main=None):
    """One edit by a caller that has opened ``known``."""
    change = lambda payload: payload.with_entry(name, entry())  # noqa: E731
    return vault.edit(paths, k_main or known.k_main, change, deadline=soon(), known=known)


def test_edit_opens_what_it_wrote_and_nothing_else(paths, opens):
    known = new_vault(paths)
    opens.clear()
    after = add(paths, known, "dev")
    assert opens == [2]
    assert list(after.payload.entries) == ["dev"]
    assert after.payload.gen == 2


def test_edit_of_another_process_is_kept(paths, opens):
    """The file is no longer the one that was opened."""
    known = new_vault(paths)
    add(paths, known, "theirs")
    opens.clear()
    after = add(paths, known, "mine")
    assert opens == [2, 3]
    assert set(after.payload.entries) == {"theirs", "mine"}


def test_another_key_opens_nothing(paths):
    """Although the file is the one that was opened."""
    known = new_vault(paths)
    with pytest.raises(vault.KeysChanged):
        add(paths, known, "dev", k_main=Secret(bytes(32)))


def test_changed_byte_is_noticed(paths):
    """The rest of the file is the same."""
    known = new_vault(paths)
    with open(paths.vault, "r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    with pytest.raises(vault.KeysChanged):
        add(paths, known, "dev")


def test_nothing_is_written_if_nothing_changed(paths, opens):
    known = new_vault(paths)
    opens.clear()
    after = vault.rewrite(paths, known.k_main, lambda draft, _: replace(draft), deadline=soon(), known=known)
    assert opens == []
    assert after.file == known.file
