"""Disks and folders that fail at one step of a read or a write: what stands afterwards, and what is told."""

from __future__ import annotations

import errno
import fcntl
import os
from dataclasses import replace

import pytest

from tests.vaults import entry, new_vault, paths_in, soon
from vault import errors, limits
from vault.crypto.seal import seal
from vault.secret import Secret
from vault.store import backup_mark, boxes, file, restore, vault
from vault.store.boxes import Draft, Strict
from vault.store.format import FormatError, parse_file
from vault.store.padding import pad
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
    with pytest.raises(errors.Damaged, match="box strict does not open with its key"):
        boxes.open_strict(opened.file, opened.payload, boxes.new_key(), path="it")
    key = boxes.new_key()
    aad = opened.vault_id + opened.payload.strict_gen.to_bytes(8, "big")
    box = seal(key, label="strict", aad=aad, plaintext=pad(b"[]", step=4096))
    with pytest.raises(errors.Damaged, match="box strict is not an object"):
        boxes.open_strict(replace(opened.file, strict=box), opened.payload, key, path="it")


def test_a_vault_without_a_strict_box_is_not_written(paths):
    """There is none to carry over into a first vault."""
    opened = new_vault(paths)
    draft = Draft(k_main=opened.k_main, payload=opened.payload, slots=opened.header.slots)
    with pytest.raises(errors.Internal, match="needs a strict box"):
        boxes.build(draft, vault_id=opened.vault_id, gen=1, time=1, strict_box=None)


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


@pytest.mark.parametrize("fails", [errno.ENOLCK, errno.EIO])
def test_a_vault_on_a_disk_without_locks_is_read(paths, monkeypatch, fails):
    """It opens, and that nothing could be pinned is in the result."""
    opened = new_vault(paths)

    def no_locks(*_args):
        raise OSError(fails, os.strerror(fails))

    for name in os.listdir(paths.state):
        os.unlink(os.path.join(paths.state, name))
    monkeypatch.setattr(fcntl, "flock", no_locks)
    assert vault.open_with_main_key(paths, opened.k_main).pin == "not kept"
    typed = vault.open_with_passphrase(paths, Secret("correct horse battery staple"), deadline=soon())
    assert (typed.pin, os.listdir(paths.state)) == ("not kept", ["kdf.lock"])
    monkeypatch.undo()
    assert vault.open_with_main_key(paths, opened.k_main).pin == "first use"


def test_a_reader_beside_a_writer_leaves_the_state_to_it(paths):
    """The writer pins for itself, and when the slot was used can be noted the next time: nobody waits."""
    opened = new_vault(paths)
    for name in os.listdir(paths.state):
        os.unlink(os.path.join(paths.state, name))
    with file.open_folder(paths) as folder, file.lock(folder, deadline=soon()):
        typed = vault.open_with_passphrase(paths, Secret("correct horse battery staple"), deadline=soon())
        assert (typed.pin, os.listdir(paths.state)) == ("kept", ["kdf.lock"])
    assert vault.open_with_main_key(paths, opened.k_main).pin == "first use"


def test_strict_seeds_with_a_passphrase_of_their_own_are_not_opened_without(paths):
    """Whoever has the vault open has not opened them."""
    opened = new_vault(paths)
    shut = replace(opened, payload=replace(opened.payload, strict_key=None))
    with pytest.raises(errors.NotThisSlot, match="a passphrase of their own"):
        vault.open_strict(shut, None, path="it")


def test_a_state_folder_that_takes_no_mark_is_no_error_of_a_backup(paths, monkeypatch):
    """The backup is made; only doctor does not know of it."""
    opened = new_vault(paths)

    def full(*_args, **_more):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "write", full)
    backup_mark.note(paths, opened.vault_id, gen=7)
    monkeypatch.undo()
    assert backup_mark.read(paths, opened.vault_id) is None
    backup_mark.note(paths, opened.vault_id, gen=7)
    assert backup_mark.read(paths, opened.vault_id) == 7
