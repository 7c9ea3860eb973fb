"""Which backups are written, listed and opened, and which a user has to accept first."""

from __future__ import annotations

import os

import pytest

from tests.home import PASSPHRASE
from tests.unit.benches import NAME
from tests.vaults import entry, soon
from vault import errors
from vault.secret import Secret
from vault.store import restore, vault
from vault.upkeep import backups

pytestmark = pytest.mark.usefixtures("cheaply")


@pytest.fixture
def copy(bench, tmp_path):
    """A backup of the vault as it is at first."""
    path = str(tmp_path / "copy.avlt")
    backups.write(bench.opened(), path)
    return path


def add(bench, name):
    bench.edit(lambda payload: payload.with_entry(name, entry()))


def run(bench):
    """A context with the passphrase in the environment, and no agent or keyring."""
    return bench.context()


def test_a_backup_is_the_sealed_vault_to_the_byte(bench, copy):
    """Its size is told, and it opens as the vault does."""
    with open(copy, "rb") as file:
        assert file.read() == bench.opened().file.raw
    assert os.path.getsize(copy) == len(bench.opened().file.raw)
    assert os.stat(copy).st_mode & 0o777 == 0o600


def test_a_backup_never_replaces_a_file(bench, copy):
    """That may be the only good one."""
    add(bench, "later")
    with open(copy, "rb") as file:
        before = file.read()
    with pytest.raises(errors.AlreadyExists, match="already exists") as caught:
        backups.write(bench.opened(), copy)
    assert caught.value.exit_code == 10
    with open(copy, "rb") as file:
        assert file.read() == before


def test_a_copy_that_does_not_open_is_not_left(bench, tmp_path):
    """The disk returned something else than was written."""

    def refuse(_raw):
        raise errors.Damaged("it does not open")

    path = str(tmp_path / "copy.avlt")
    with pytest.raises(errors.Damaged):
        backups.write_copy(path, b"x", check=refuse)
    assert not os.path.exists(path)


def test_automatic_backups_are_listed_with_their_entries_newest_first(bench):
    """With what opens them without a question."""
    for name in "ab":
        add(bench, name)
    listed = backups.list_automatic(run(bench))
    assert [(one.name, one.gen, one.entries) for one in listed] == [
        ("bak1", 3, ("a", NAME)),
        ("bak2", 2, (NAME,)),
        ("bak3", 1, ()),
    ]
    assert {one.slots for one in listed} == {("passphrase",)}


def test_without_a_backup_there_is_nothing_to_choose(bench):
    """Each name is said to be none: a short one, and a path."""
    for name in ("bak3", "/nowhere/copy.avlt"):
        with pytest.raises(errors.NotFound) as caught:
            backups.choose(run(bench), name, accept=False)
        assert caught.value.hint == "run: awsvault-py restore"


def test_a_backup_of_this_vault_is_chosen_without_a_warning(bench, copy):
    """And restored as the newest generation, with a cache key that nobody knows yet."""
    add(bench, "later")
    before = bench.opened()
    chosen = backups.choose(run(bench), copy, accept=False)
    assert (chosen.problem, chosen.outdated, chosen.backup.entries) == (None, False, (NAME,))
    after = backups.restore_backup(run(bench), chosen)
    assert after.header.gen == before.header.gen + 1
    assert set(after.payload.entries) == {NAME}
    assert after.payload.cache_key not in (before.payload.cache_key, chosen.log.opener)


def rekeyed(bench):
    """The vault under new master keys and the same passphrase, as after ``rekey``."""
    opened = bench.opened()
    key = vault.new_key()
    slot = vault.PassphraseSlot(Secret(PASSPHRASE)).wrap(key, vault_id=opened.vault_id)
    vault.rewrite(
        run(bench).paths,
        opened.k_main,
        lambda draft, _: vault.Draft(k_main=key, payload=draft.payload, slots=(slot,), new_keys=True),
        deadline=soon(),
    )


def test_a_backup_from_before_a_rekey_is_opened_only_if_that_is_accepted(bench, copy):
    """Old secrets would open the vault again. The hint says what to do afterwards."""
    rekeyed(bench)
    with pytest.raises(errors.RolledBack, match="from before the rekey") as caught:
        backups.choose(run(bench), copy, accept=False)
    assert f"{copy} --accept, then awsvault-py passwd" in caught.value.hint
    assert "--strict" not in caught.value.hint
    assert backups.choose(run(bench), copy, accept=True).outdated


def test_the_present_vault_is_opened_even_if_it_is_rolled_back(bench, copy):
    """The user says that it is the right one."""
    add(bench, "later")
    paths = run(bench).paths
    os.replace(copy, paths.vault)
    with pytest.raises(errors.RolledBack):
        vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
    chosen = backups.choose_present(run(bench))
    assert chosen.backup.entries == (NAME,)
    backups.restore_backup(run(bench), chosen)
    assert set(bench.opened().payload.entries) == {NAME}


def test_a_backup_is_remembered_by_its_generation(bench):
    """Doctor compares it with the vault's."""
    from vault.store import backup_mark

    opened = bench.opened()
    assert backup_mark.read(run(bench).paths, opened.vault_id) is None
    backups.remember(run(bench), opened.file)
    assert backup_mark.read(run(bench).paths, opened.vault_id) == opened.header.gen
    assert restore.present(run(bench).paths) is not None
