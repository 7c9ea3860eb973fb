"""A backup put back: it is the newest generation, whatever is in the vault's place."""

from __future__ import annotations

import os

import pytest

from tests.vaults import entry, new_vault, paths_in, soon
from vault import errors
from vault.store import restore, vault


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


def add(paths, k_main, name):
    return vault.edit(paths, k_main, lambda p: p.with_entry(name, entry()), deadline=soon())


def _link(path, aside):
    os.rename(path, aside)
    os.symlink(aside, path)


def _fifo(path, aside):
    os.rename(path, aside)
    os.mkfifo(path, 0o600)


def _folder(path, aside):
    os.rename(path, aside)
    os.mkdir(path, 0o700)


INTRUDERS = {"a link": _link, "a FIFO": _fifo, "a folder": _folder}


@pytest.mark.parametrize("intruder", INTRUDERS)
def test_what_stands_where_a_restore_sets_a_damaged_vault_aside_is_named(paths, intruder):
    """It is not replaced, and neither is the damaged vault."""
    opened = add(paths, new_vault(paths).k_main, "a")
    found = restore.read_backup(paths, "bak1")
    os.truncate(paths.vault, 100)
    path, aside = paths.vault + ".damaged", os.path.join(paths.home, "aside")
    with open(path, "xb"):
        os.chmod(path, 0o600)
    INTRUDERS[intruder](path, aside)
    with pytest.raises(errors.UnsafeFile, match="damaged"):
        restore.put_back(paths, found, opened.k_main, cache_key=vault.new_key(), deadline=soon())
    assert os.path.lexists(path)
    assert (os.path.getsize(paths.vault), os.path.getsize(aside)) == (100, 0)


def test_a_backup_put_back_is_the_newest_generation(paths):
    """The vault of before becomes bak1; pins take it without an alarm."""
    opened = new_vault(paths)
    for n in "abc":
        opened = add(paths, opened.k_main, n)
    found = restore.read_backup(paths, "bak2")
    assert found.header.gen == 2
    after = restore.put_back(paths, found, opened.k_main, cache_key=vault.new_key(), deadline=soon())
    assert (after.header.gen, list(after.payload.entries)) == (5, ["a"])
    assert vault.open_with_main_key(paths, opened.k_main).pin == "kept"
    assert restore.automatic(paths)[0][1].header.gen == 4


@pytest.mark.parametrize("state", ["damaged", "missing", "rolled back"])
def test_a_backup_is_put_back_whatever_lies_there(paths, state):
    """A vault that cannot be read is set aside, not made a backup; one that is gone is no hindrance."""
    opened = new_vault(paths)
    for n in "abc":
        opened = add(paths, opened.k_main, n)
    backups = [b.header.gen for _, b in restore.automatic(paths)]
    found = restore.read_backup(paths, "bak1")
    if state == "missing":
        os.unlink(paths.vault)
    else:
        with open(paths.vault, "r+b") as there:
            there.write(b"damaged" if state == "damaged" else b"")
    after = restore.put_back(
        paths, found, opened.k_main, cache_key=vault.new_key(), known_gen=9, deadline=soon()
    )
    assert (after.header.gen, sorted(after.payload.entries)) == (10, ["a", "b"])
    assert vault.open_with_main_key(paths, opened.k_main).header.gen == 10
    names = os.listdir(paths.vault_folder)
    assert ("vault.avlt.damaged" in names) == (state == "damaged")
    if state != "rolled back":
        assert [b.header.gen for _, b in restore.automatic(paths)] == backups


def test_a_forged_generation_does_not_use_up_the_numbers(paths):
    """A header that nobody authenticated may say 2^53: the next generation is still one that can be written after."""
    opened = add(paths, new_vault(paths).k_main, "a")
    raw = opened.file.raw.replace(b'"gen":2,', b'"gen":%d,' % 2**53)
    size = int.from_bytes(raw[8:12], "big") + len(raw) - len(opened.file.raw)
    found = restore.read_backup(paths, "bak1")
    with open(paths.vault, "wb") as there:
        there.write(raw[:8] + size.to_bytes(4, "big") + raw[12:])
    assert vault.read_header(paths).gen == 2**53
    after = restore.put_back(paths, found, opened.k_main, cache_key=vault.new_key(), deadline=soon())
    assert after.header.gen == 3
