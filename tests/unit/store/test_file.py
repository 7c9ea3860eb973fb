"""The vault's files: backups, what may not be in their place, and who may read them."""

from __future__ import annotations

import os
import stat

import pytest

from tests.vaults import entry, new_vault, paths_in, soon
from vault import errors
from vault.secret import Secret
from vault.store import file, restore, vault
from vault.store.boxes import open_main
from vault.system.files import Folder

PASSPHRASE = Secret("correct horse battery staple")


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


def add(paths, k_main, name):
    return vault.edit(paths, k_main, lambda p: p.with_entry(name, entry()), deadline=soon())


def test_the_three_generations_before_are_kept(paths):
    """bak1 is the newest; each opens by the vault's key."""
    opened = new_vault(paths)
    for name in "abcde":
        opened = add(paths, opened.k_main, name)
    found = restore.automatic(paths)
    assert [(name, backup.header.gen) for name, backup in found] == [("bak1", 5), ("bak2", 4), ("bak3", 3)]
    for _, backup in found:
        assert len(open_main(backup, opened.k_main, path="it").entries) == backup.header.gen - 1
    assert sorted(os.listdir(paths.vault_folder)) == [
        "vault.avlt", "vault.avlt.bak1", "vault.avlt.bak2", "vault.avlt.bak3", "vault.lock",
    ]  # fmt: skip


def test_what_a_killed_writer_left_goes_with_the_next_write(paths):
    """Our own temporary names alone: a file of somebody else's making stays."""
    opened = new_vault(paths)
    temporary, other = ".vault.0123456789abcdef", ".vault.of-mine"
    for name in (temporary, other):
        with open(os.path.join(paths.vault_folder, name), "w") as left:
            left.write("x")
    add(paths, opened.k_main, "a")
    names = os.listdir(paths.vault_folder)
    assert temporary not in names
    assert other in names


def test_files_are_closed_to_others_under_any_umask(paths):
    """Files 0600, folders 0700, whatever the shell's umask."""
    for mask in (0o000, 0o777, 0o022):
        before = os.umask(mask)
        try:
            here = paths_in(os.path.join(paths.home, f"umask{mask}"))
            os.mkdir(here.home, 0o700)
            os.chmod(here.home, 0o700)
            add(here, new_vault(here).k_main, "a")
        finally:
            os.umask(before)
        for folder in (here.vault_folder, here.state):
            assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
            for name in os.listdir(folder):
                assert stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) == 0o600, name


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
@pytest.mark.parametrize(
    "name", ["vault.avlt", "vault.lock", "vault.avlt.bak1", "vault.avlt.bak2", "vault.avlt.bak3"]
)
def test_a_foreign_file_in_the_way_is_named_and_not_followed(paths, intruder, name):
    """An error of exit 6 that names it, before anything is written; what a link points at is as it was."""
    opened = new_vault(paths)
    for n in "abc":
        opened = add(paths, opened.k_main, n)
    path = os.path.join(paths.vault_folder, name)
    aside = os.path.join(paths.home, "aside")
    INTRUDERS[intruder](path, aside)
    with open(aside, "rb") as kept:
        before = kept.read()
    with pytest.raises((errors.UnsafeFile, errors.StorageError)) as caught:
        add(paths, opened.k_main, "d")
    assert caught.value.exit_code == 6
    assert path in caught.value.message
    with open(aside, "rb") as kept:
        assert kept.read() == before
    os.unlink(path) if intruder != "a folder" else os.rmdir(path)
    os.rename(aside, path)
    assert add(paths, opened.k_main, "d").header.gen == 5


@pytest.mark.parametrize("intruder", INTRUDERS)
def test_a_damaged_vault_is_set_aside_over_no_foreign_file(paths, intruder):
    """Exit 6 before anything is moved: a restore must not replace what somebody else put there."""
    opened = add(paths, new_vault(paths).k_main, "a")
    path = os.path.join(paths.vault_folder, file.SET_ASIDE)
    with open(path, "wb"):
        pass
    INTRUDERS[intruder](path, os.path.join(paths.home, "aside"))
    with (
        Folder.open(paths.vault_folder) as folder,
        pytest.raises((errors.UnsafeFile, errors.StorageError)) as caught,
    ):
        file.set_aside(folder)
    assert (caught.value.exit_code, path in caught.value.message) == (6, True)
    assert add(paths, opened.k_main, "b").header.gen == 3


@pytest.mark.parametrize("intruder", INTRUDERS)
def test_a_foreign_file_in_place_of_the_pin_is_named(paths, intruder):
    """A link there could make us write elsewhere, a FIFO make us wait."""
    opened = new_vault(paths)
    name = next(n for n in os.listdir(paths.state) if n.startswith("pin-"))
    path = os.path.join(paths.state, name)
    INTRUDERS[intruder](path, os.path.join(paths.home, "aside"))
    with pytest.raises(errors.UnsafeFile, match=name):
        vault.open_with_main_key(paths, opened.k_main)


@pytest.mark.parametrize("intruder", INTRUDERS)
def test_a_foreign_file_in_place_of_a_state_lock_is_named(paths, intruder):
    """The turn at Argon2 is waited for on a lock file of the vault alone."""
    new_vault(paths)
    path = os.path.join(paths.state, "kdf.lock")
    INTRUDERS[intruder](path, os.path.join(paths.home, "aside"))
    with pytest.raises(errors.UnsafeFile) as caught:
        vault.open_with_passphrase(paths, PASSPHRASE, deadline=soon())
    assert path in caught.value.message
    assert os.path.getsize(os.path.join(paths.home, "aside")) == 0


@pytest.mark.parametrize("name", ["vault.avlt", "vault.avlt.bak1"])
def test_a_file_that_others_may_read_is_refused(paths, name):
    """0644 through a copy or a restore by another tool: named, with the fix."""
    opened = add(paths, new_vault(paths).k_main, "a")
    path = os.path.join(paths.vault_folder, name)
    os.chmod(path, 0o644)
    with pytest.raises(errors.UnsafeFile, match="mode 0644") as caught:
        add(paths, opened.k_main, "b")
    assert "chmod 600" in caught.value.hint


def test_a_folder_that_others_may_enter_is_refused(paths):
    """Somebody may have put anything there."""
    opened = new_vault(paths)
    os.chmod(paths.vault_folder, 0o755)
    with pytest.raises(errors.UnsafeFile, match="mode 0755"):
        vault.open_with_main_key(paths, opened.k_main)


def test_a_name_that_json_cannot_hold_is_refused_before_the_write(paths):
    """Half a surrogate pair, as a broken locale gives it: Usage, and the vault as it was."""
    opened = new_vault(paths)
    with pytest.raises(errors.Usage, match="surrogate"):
        add(paths, opened.k_main, "caf\udce9")
    assert vault.open_with_main_key(paths, opened.k_main).header.gen == 1


def test_a_write_that_the_disk_gives_back_otherwise_is_refused(paths):
    """The new file is opened with the key of the open vault before it replaces the old file."""
    opened = new_vault(paths)
    with file.open_folder(paths) as folder:

        def check(raw):
            raise errors.Damaged("not what was meant")

        with pytest.raises(errors.Damaged):
            file.replace(folder, opened.file.raw, check=check, keep_old=True)
    assert sorted(os.listdir(paths.vault_folder)) == ["vault.avlt", "vault.lock"]
    assert vault.open_with_main_key(paths, opened.k_main).header.gen == 1


def test_a_backup_made_already_is_not_made_twice(paths):
    """A write killed between backup and rename leaves bak1 and vault one file: the next write pushes nothing out."""
    opened = new_vault(paths)
    for n in "abc":
        opened = add(paths, opened.k_main, n)
    bak1 = os.path.join(paths.vault_folder, "vault.avlt.bak1")
    os.unlink(bak1)
    os.link(paths.vault, bak1)
    before = [b.header.gen for _, b in restore.automatic(paths)]
    add(paths, opened.k_main, "d")
    assert before == [4, 2, 1]
    assert [b.header.gen for _, b in restore.automatic(paths)] == before
