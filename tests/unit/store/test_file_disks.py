"""Disks and folders that fail at one step of a read or a write: what is left, and what the user is told."""

from __future__ import annotations

import errno
import os

import pytest

from tests.vaults import entry, new_vault, paths_in, soon
from vault import errors, limits
from vault.store import file, restore, vault
from vault.store.format import FormatError, parse_file
from vault.system import files


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


def add(paths, k_main, name):
    return vault.edit(paths, k_main, lambda p: p.with_entry(name, entry()), deadline=soon())


def nothing(_raw):
    """A check that finds nothing wrong."""


# ── the write ───────────────────────────────────────────────────────────────────────────────


def test_a_disk_that_gives_back_other_bytes_keeps_the_old_vault(paths, monkeypatch):
    """What was written is read again before it counts."""
    opened = new_vault(paths)
    write = os.write
    monkeypatch.setattr(files.os, "write", lambda fd, data: write(fd, bytes([data[0] ^ 1]) + bytes(data[1:])))
    with file.open_folder(paths) as folder, pytest.raises(errors.StorageError, match="returned other bytes"):
        file.replace(folder, opened.file.raw, check=nothing, keep_old=True)
    monkeypatch.undo()
    assert sorted(os.listdir(paths.vault_folder)) == ["vault.avlt", "vault.lock"]
    assert vault.open_with_main_key(paths, opened.k_main).header.gen == 1


def test_what_cannot_be_cleared_away_does_not_hide_the_error(paths, monkeypatch):
    """The error that stopped the write is told; the next write sweeps what it left."""
    opened = new_vault(paths)

    def stuck(*_args, **_more):
        raise OSError(errno.EIO, "stuck")

    def refused(_raw):
        monkeypatch.setattr(files.os, "unlink", stuck)
        raise errors.Damaged("the first error")

    with file.open_folder(paths) as folder:
        with pytest.raises(errors.Damaged, match="the first error"):
            file.replace(folder, opened.file.raw, check=refused, keep_old=True)
        monkeypatch.undo()
        assert any(name.startswith(".vault.") for name in os.listdir(paths.vault_folder))
        file.replace(folder, opened.file.raw, check=nothing, keep_old=False)
    assert sorted(os.listdir(paths.vault_folder)) == ["vault.avlt", "vault.lock"]


def test_a_vault_that_went_during_the_write_comes_back(paths):
    """There is nothing to keep as a backup, and the new vault takes the place."""
    opened = new_vault(paths)
    os.unlink(paths.vault)
    with file.open_folder(paths) as folder:
        file.replace(folder, opened.file.raw, check=nothing, keep_old=True)
    assert restore.automatic(paths) == []
    assert vault.open_with_main_key(paths, opened.k_main).header.gen == 1


def test_backups_that_will_not_go_are_named(paths):
    """After new keys each old copy matters: the one that stands fast is told, the others go."""
    opened = new_vault(paths)
    for name in "abc":
        opened = add(paths, opened.k_main, name)
    stuck = os.path.join(paths.vault_folder, "vault.avlt.bak2")
    os.unlink(stuck)
    os.makedirs(os.path.join(stuck, "x"))
    with file.open_folder(paths) as folder:
        assert file.drop_backups(folder, below=3) == []  # what cannot be read has no generation to judge by
        assert [name for name, _ in file.backups(folder)] == ["vault.avlt.bak1"]
        assert file.drop_backups(folder) == [stuck]
        assert [name for name, _ in file.backups(folder)] == []


# ── the read ────────────────────────────────────────────────────────────────────────────────


def test_a_file_over_the_limit_is_no_vault(monkeypatch):
    """Its size is said, and nothing of it is looked at."""
    monkeypatch.setattr(limits, "MAX_VAULT_FILE", 10)
    with pytest.raises(FormatError, match="11 bytes; a vault has at most 10"):
        parse_file(b"x" * 11)


def test_a_backup_that_is_none_is_named(paths):
    """One that is not there, one that is no vault, and one elsewhere: each says where the others are."""
    opened = new_vault(paths)
    with pytest.raises(errors.NotFound, match="there is no automatic backup bak1"):
        restore.read_backup(paths, "bak1")
    with pytest.raises(errors.NotFound, match="there is no backup at"):
        restore.read_backup(paths, os.path.join(paths.home, "nowhere"))
    other = os.path.join(paths.home, "notes.txt")
    with open(other, "w", encoding="utf-8") as there:
        there.write("no vault at all")
    with pytest.raises(errors.Damaged, match=r"notes\.txt: not a vault") as raised:
        restore.read_backup(paths, other)
    assert "awsvault-py restore" in raised.value.hint
    assert vault.open_with_main_key(paths, opened.k_main).header.gen == 1


def test_a_backup_of_another_vault_counts_from_its_own_generation(paths, tmp_path):
    """What lies there is no forerunner of it, becomes the newest backup, and its number says nothing."""
    theirs = paths_in(tmp_path / "theirs")
    other = add(theirs, new_vault(theirs).k_main, "theirs")
    opened = new_vault(paths)
    for name in "abc":
        opened = add(paths, opened.k_main, name)
    after = restore.put_back(paths, other.file, other.k_main, cache_key=vault.new_key(), deadline=soon())
    assert (after.header.gen, list(after.payload.entries)) == (3, ["theirs"])
    assert restore.automatic(paths)[0][1].header.vault_id == opened.vault_id
