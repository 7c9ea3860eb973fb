"""The vault's files: backups, what may not stand in their place, full and read-only disks, and fifty writers."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import stat
import tempfile

import pytest
from coverage import Coverage

from tests.vaults import entry, new_vault, paths_in, soon
from vault import errors
from vault.secret import Secret
from vault.store import file, restore, vault
from vault.store.boxes import Draft, open_main
from vault.store.slots.recovery import RecoverySlot, new_code
from vault.system.clock import Deadline
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


def test_a_change_that_changes_nothing_writes_nothing(paths):
    """No new generation, no new backup."""
    opened = new_vault(paths)
    after = vault.edit(paths, opened.k_main, lambda p: p, deadline=soon())
    assert after.header.gen == 1
    assert restore.automatic(paths) == []


def test_a_change_that_raises_leaves_the_vault_as_it_was(paths):
    """And the lock is free again."""
    opened = new_vault(paths)

    def change(payload):
        raise errors.Declined("no")

    with pytest.raises(errors.Declined):
        vault.edit(paths, opened.k_main, change, deadline=soon())
    assert add(paths, opened.k_main, "a").header.gen == 2


def test_new_master_keys_leave_no_backup_of_the_old_ones(paths):
    """The old key opens nothing that lies in the folder; a backup from before, put there later, goes at the next write."""
    code = new_code()
    opened = add(paths, new_vault(paths).k_main, "a")
    old_bytes = opened.file.raw
    fresh = vault.new_key()

    def change(draft, found):
        slot = RecoverySlot(code).wrap(fresh, vault_id=found.header.vault_id)
        return Draft(k_main=fresh, payload=draft.payload, slots=(slot,), new_keys=True)

    after = vault.rewrite(paths, opened.k_main, change, deadline=soon())
    assert after.payload.rekeyed == 3
    assert restore.automatic(paths) == []
    with pytest.raises(vault.KeysChanged):
        vault.open_with_main_key(paths, opened.k_main)
    with pytest.raises(vault.KeysChanged, match="another process has changed its keys") as caught:
        add(paths, opened.k_main, "b")
    assert "run the command again" in caught.value.hint
    with Folder.open(paths.vault_folder) as folder:  # as a kill between rename and unlink would leave it
        folder.write_atomic(file.BACKUP_NAMES[1], old_bytes, durable=False)
    add(paths, fresh, "b")
    assert [backup.header.gen for _, backup in restore.automatic(paths)] == [3]


def test_a_first_vault_never_replaces_one(paths):
    """Not even one that appeared after we looked."""
    first = new_vault(paths)
    with pytest.raises(errors.AlreadyExists):
        new_vault(paths)
    with file.open_folder(paths) as folder, pytest.raises(errors.AlreadyExists):
        file.create(folder, first.file.raw, check=lambda raw: None)
    assert vault.open_with_main_key(paths, first.k_main).header.gen == 1
    assert sorted(os.listdir(paths.vault_folder)) == ["vault.avlt", "vault.lock"]


def test_what_a_killed_writer_left_goes_with_the_next_write(paths):
    """Our own temporary names alone: a file of somebody else's making stays."""
    opened = new_vault(paths)
    ours, other = ".vault.0123456789abcdef", ".vault.of-mine"
    for name in (ours, other):
        with open(os.path.join(paths.vault_folder, name), "w") as left:
            left.write("x")
    add(paths, opened.k_main, "a")
    names = os.listdir(paths.vault_folder)
    assert ours not in names
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


def _open_to_all(path, aside):
    os.chmod(path, 0o644)


INTRUDERS = {"a link": _link, "a FIFO": _fifo, "a folder": _folder}


@pytest.mark.parametrize("intruder", INTRUDERS)
@pytest.mark.parametrize(
    "name", ["vault.avlt", "vault.lock", "vault.avlt.bak1", "vault.avlt.bak2", "vault.avlt.bak3"]
)
def test_what_stands_in_the_place_of_a_file_is_named_and_not_followed(paths, intruder, name):
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
def test_what_stands_in_the_place_of_the_pin_is_named(paths, intruder):
    """A link there could make us write elsewhere, a FIFO make us wait."""
    opened = new_vault(paths)
    name = next(n for n in os.listdir(paths.state) if n.startswith("pin-"))
    path = os.path.join(paths.state, name)
    INTRUDERS[intruder](path, os.path.join(paths.home, "aside"))
    with pytest.raises(errors.UnsafeFile, match=name):
        vault.open_with_main_key(paths, opened.k_main)


@pytest.mark.parametrize("intruder", INTRUDERS)
def test_what_stands_in_the_place_of_a_lock_of_the_state_is_named(paths, intruder):
    """The turn at Argon2 is waited for on a file of ours alone."""
    new_vault(paths)
    path = os.path.join(paths.state, "kdf.lock")
    INTRUDERS[intruder](path, os.path.join(paths.home, "aside"))
    with pytest.raises(errors.UnsafeFile) as caught:
        vault.open_with_passphrase(paths, PASSPHRASE, deadline=soon())
    assert path in caught.value.message
    assert os.path.getsize(os.path.join(paths.home, "aside")) == 0


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


@pytest.mark.parametrize("name", ["vault.avlt", "vault.avlt.bak1"])
def test_a_file_that_others_may_read_is_refused(paths, name):
    """0644 through a copy or a restore of another tool: named, with the mend."""
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
    """The new file is opened with the key in hand before it takes the old one's place."""
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


def _edit_twenty_times(root, k_main, who):
    """Twenty edits, each of which adds a number to those that it finds: what another's write lost is missing after."""
    measuring = Coverage.current()
    if measuring is not None:
        measuring.stop()  # what these fifty run is measured elsewhere, and tracing takes most of their time
    paths = paths_in(root)
    for n in range(20):

        def add_number(payload, n=n):
            known = payload.entries.get(who)
            edits = [] if known is None else known.unknown["edits"]
            return payload.with_entry(who, entry(unknown={"edits": [*edits, n]}))

        vault.edit(paths, Secret(k_main), add_number, deadline=Deadline.after(250))


@pytest.fixture
def quick(tmp_path):
    """A folder in memory where there is one: a thousand writes wait three times each for a disk."""
    memory = "/dev/shm"
    root = tempfile.mkdtemp(dir=memory if os.path.isdir(memory) else tmp_path)
    yield paths_in(root)
    shutil.rmtree(root)


def test_fifty_writers_of_twenty_edits_lose_nothing(quick):
    """1,000 edits by 50 processes are all there, and the generation has grown by 1,000."""
    paths = quick
    opened = new_vault(paths)
    fork = multiprocessing.get_context("fork")
    key = opened.k_main.reveal()
    writers = [
        fork.Process(target=_edit_twenty_times, args=(paths.home, key, f"writer {n}")) for n in range(50)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(280)
    assert [writer.exitcode for writer in writers] == [0] * 50
    after = vault.open_with_main_key(paths, opened.k_main)
    assert after.header.gen == 1 + 1000
    edits = {name: kept.unknown["edits"] for name, kept in after.payload.entries.items()}
    assert edits == {f"writer {n}": list(range(20)) for n in range(50)}


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


def test_keys_renewed_while_a_slot_opens_are_no_damage(paths, monkeypatch):
    """Between the two reads another process renews the master keys: the slot opens the new file, and nothing is damaged."""
    code, fresh = new_code(), vault.new_key()

    def renewed(key):
        def change(draft, found):
            slot = RecoverySlot(code).wrap(key, vault_id=found.header.vault_id)
            return Draft(k_main=key, payload=draft.payload, slots=(slot,), new_keys=True)

        return change

    opened = vault.rewrite(paths, new_vault(paths).k_main, renewed(vault.new_key()), deadline=soon())
    unwrap, asked = RecoverySlot.unwrap, []

    def meanwhile(self, record, *, vault_id):
        key = unwrap(self, record, vault_id=vault_id)
        if not asked:
            asked.append(vault.rewrite(paths, opened.k_main, renewed(fresh), deadline=soon()))
        return key

    monkeypatch.setattr(RecoverySlot, "unwrap", meanwhile)
    found = vault.open_with(paths, RecoverySlot(code))
    assert (found.header.gen, found.k_main) == (asked[0].header.gen, fresh)
