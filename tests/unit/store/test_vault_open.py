"""Opening a vault: what each key, slot and turn may do, and what the error says where one of them may not."""

from __future__ import annotations

import os

import pytest

from tests.vaults import CHEAP, entry, new_vault, paths_in, soon
from vault import errors, limits
from vault.errors import NotThisSlot
from vault.secret import Secret
from vault.store import turn, vault
from vault.store.slots.passphrase import PassphraseSlot
from vault.system import locks
from vault.system.clock import Deadline
from vault.system.files import Folder

PASSPHRASE = Secret("correct horse battery staple")
WRONG = Secret("an altogether wrong passphrase")


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


@pytest.fixture
def opened(paths):
    return new_vault(paths)


def test_the_header_is_read_without_any_key(paths, opened):
    """To know what to ask for."""
    assert vault.read_header(paths) == opened.file.header


def test_an_earlier_main_key_that_no_longer_opens_says_that_the_keys_were_replaced(paths, opened):
    """The caller asks for the new ones. It is no damage."""
    with pytest.raises(vault.KeysChanged):
        vault.open_with_main_key(paths, vault.new_key())
    assert vault.open_with_main_key(paths, opened.k_main).payload == opened.payload


def test_a_wrong_passphrase_is_exit_code_4(paths, opened):
    """If the header is the one that this machine saw last."""
    with pytest.raises(errors.WrongPassphrase, match="does not open the vault") as caught:
        vault.open_with_passphrase(paths, WRONG, deadline=soon())
    assert caught.value.exit_code == 4


def test_a_wrong_passphrase_for_an_older_copy_names_the_copy(paths, opened):
    """Perhaps the passphrase is the new one, and the file is from before it."""
    old = opened.file.raw
    vault.edit(paths, opened.k_main, lambda p: p.with_entry("a", entry()), deadline=soon())
    with open(paths.vault, "wb") as copied:
        copied.write(old)
    with pytest.raises(errors.RolledBack, match="the passphrase does not open the vault, and ") as caught:
        vault.open_with_passphrase(paths, WRONG, deadline=soon())
    assert "restore" in caught.value.hint


def test_no_more_than_the_first_passphrase_slots_are_tried(opened, monkeypatch):
    """Each costs Argon2: a file from elsewhere must not ask for hours of it."""
    tried = []

    class Counting(PassphraseSlot):
        def unwrap(self, record, *, vault_id):
            tried.append(record)
            raise NotThisSlot("no")

    record = opened.file.header.slots[0]
    many = opened.file.header.slots + (record,) * limits.MAX_PASSPHRASE_SLOTS_TRIED
    found = type(opened.file)(**{**fields(opened.file), "header": changed(opened.file.header, slots=many)})
    with pytest.raises(NotThisSlot, match="no"):
        vault.unwrap(found, Counting(WRONG))
    assert len(tried) == limits.MAX_PASSPHRASE_SLOTS_TRIED


def fields(value):
    return {name: getattr(value, name) for name in type(value).__dataclass_fields__}


def changed(value, **more):
    return type(value)(**{**fields(value), **more})


def test_a_vault_without_a_slot_of_the_kind_says_so(opened):
    """Without trying the others."""
    with pytest.raises(NotThisSlot, match="no pass slot for the strict box"):
        vault.unwrap(opened.file, PassphraseSlot(PASSPHRASE), opens="strict")


def test_a_turn_is_over_with_its_work(paths):
    """Also if that fails: the next process must not wait for it."""
    turn = vault.kdf_turn(paths, soon())
    with pytest.raises(ZeroDivisionError), turn():
        assert _lock_of(paths) is None
        raise ZeroDivisionError
    _lock_of(paths).release()


def _lock_of(paths):
    with Folder.open(paths.state, create=True) as state:
        return locks.try_lock(state, turn.KDF_LOCK)


def test_a_turn_of_another_process_that_does_not_end_is_an_error(paths):
    """Argon2 beside it might take the memory of both."""
    turn = vault.kdf_turn(paths, Deadline.after(0.05))
    held = _lock_of(paths)
    with pytest.raises(locks.Busy), turn():
        pytest.fail("it had a turn beside another")
    held.release()
    with turn():
        pass


def test_without_a_place_for_the_lock_there_is_a_turn_all_the_same(paths, monkeypatch):
    """A state folder that is read-only risks memory, and no vault."""

    def unavailable(*_args, **_more):
        raise locks.LockUnavailable("no locks here")

    monkeypatch.setattr(locks, "lock", unavailable)
    worked = []
    with vault.kdf_turn(paths, soon())():
        worked.append(1)
    assert worked == [1]


def test_a_file_in_place_of_the_state_folder_is_not_passed_over(paths):
    """Someone put it there."""
    os.makedirs(os.path.dirname(paths.state), exist_ok=True)
    os.symlink("/", paths.state)
    with pytest.raises(errors.UnsafeFile), vault.kdf_turn(paths, soon())():
        pytest.fail("it had a turn")


def test_what_the_strict_box_needs_is_said_where_its_key_is_not_in_the_vault(paths, opened):
    """It has a passphrase of its own."""
    assert vault.open_strict(opened, None, path="it").seeds == {}
    opened = changed(opened, payload=changed(opened.payload, strict_key=None))
    with pytest.raises(NotThisSlot, match="their own passphrase"):
        vault.open_strict(opened, None, path="it")


def test_the_slot_that_opened_is_known(paths, opened):
    """For the note of its last use."""
    assert vault.open_with(paths, PassphraseSlot(PASSPHRASE, kdf=CHEAP)).slot == opened.file.header.slots[0]
