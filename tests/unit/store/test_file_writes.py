"""Writes of the vault's file: all of one or nothing, and which copies each leaves behind."""

from __future__ import annotations

import os

import pytest

from tests.vaults import entry, new_vault, paths_in, soon
from vault.store import file, vault


class Refused(Exception):
    """The check of what was written found something."""


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


@pytest.fixture
def opened(paths):
    """The fourth generation of a vault, with three backups."""
    opened = new_vault(paths)
    for name in "abc":
        opened = vault.edit(
            paths, opened.k_main, lambda p, name=name: p.with_entry(name, entry()), deadline=soon()
        )
    return opened


@pytest.fixture
def folder(paths, opened):
    with file.open_folder(paths) as opened_folder:
        yield opened_folder


def contents(paths):
    """The bytes of every file in the vault's folder, by name."""
    found = {}
    for name in os.listdir(paths.vault_folder):
        with open(os.path.join(paths.vault_folder, name), "rb") as opened:
            found[name] = opened.read()
    return found


def generations(folder):
    return [(name.rpartition(".")[2], found.header.gen) for name, found in file.backups(folder)]


def refuse(_raw):
    raise Refused


def test_what_does_not_open_again_replaces_nothing(paths, opened, folder):
    """No vault, no backup and no temporary file is another than before."""
    before = contents(paths)
    with pytest.raises(Refused):
        file.replace(folder, opened.file.raw + b"x", check=refuse, keep_old=True)
    assert contents(paths) == before


def test_what_is_checked_is_what_the_disk_returned(opened, folder):
    """Not the bytes in memory, which were right all along."""
    seen = []
    file.replace(folder, opened.file.raw, check=seen.append, keep_old=False)
    assert seen == [opened.file.raw]
    assert seen[0] is not opened.file.raw


def test_a_write_that_keeps_the_old_vault_makes_it_the_newest_backup(opened, folder):
    """The oldest one goes."""
    file.replace(folder, opened.file.raw, check=lambda _: None, keep_old=True)
    assert generations(folder) == [("bak1", 4), ("bak2", 3), ("bak3", 2)]


def test_a_write_that_does_not_keep_it_leaves_the_backups_alone(opened, folder):
    """After a rekey the old vault is not to be a backup."""
    file.replace(folder, opened.file.raw, check=lambda _: None, keep_old=False)
    assert generations(folder) == [("bak1", 3), ("bak2", 2), ("bak3", 1)]


def test_a_first_vault_that_does_not_open_again_is_not_there(tmp_path, opened):
    """And nothing else is left."""
    fresh = paths_in(tmp_path / "fresh")
    with file.open_folder(fresh, create=True) as empty, pytest.raises(Refused):
        file.create(empty, opened.file.raw, check=refuse)
    assert os.listdir(fresh.vault_folder) == []


def damage(folder, name):
    folder.write_atomic(name, b"not a vault", durable=False)


def test_a_backup_that_cannot_be_read_hides_no_other(folder):
    """It is left out of the list."""
    damage(folder, "vault.avlt.bak2")
    assert generations(folder) == [("bak1", 3), ("bak3", 1)]


def test_backups_of_older_generations_go_and_one_of_unknown_generation_stays(folder):
    """It may be the only copy of what is needed."""
    damage(folder, "vault.avlt.bak1")
    assert file.drop_backups(folder, below=2) == []
    assert generations(folder) == [("bak2", 2)]
    assert "vault.avlt.bak1" in folder.names()


def test_after_a_rekey_nothing_is_left_that_old_secrets_open(folder):
    """Neither a backup, whatever is in it, nor a vault that a restore set aside."""
    damage(folder, "vault.avlt.bak1")
    file.set_aside(folder)
    assert file.drop_all_before(folder) == []
    assert sorted(folder.names()) == ["vault.avlt", "vault.lock"]


def test_a_vault_that_is_set_aside_keeps_its_name_too(paths, opened, folder):
    """A restore that is killed after this step has lost nothing."""
    damage(folder, "vault.avlt.damaged")
    file.set_aside(folder)
    found = contents(paths)
    assert found["vault.avlt"] == found["vault.avlt.damaged"] == opened.file.raw


def test_a_vault_that_is_not_there_is_named_with_the_command_that_creates_one(tmp_path):
    """Whether its folder exists or not."""
    paths = paths_in(tmp_path / "none")
    with pytest.raises(file.NoVault, match="there is no vault at ") as caught:
        file.open_folder(paths)
    assert (caught.value.exit_code, caught.value.hint) == (
        5,
        "run: awsvault-py add NAME; to use a backup: awsvault-py restore FILE",
    )
    with file.open_folder(paths, create=True) as empty, pytest.raises(file.NoVault, match=r"vault\.avlt"):
        file.read(empty)
