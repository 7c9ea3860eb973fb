"""Sealed sign-ins: what the folder shows, what counts as missing, and what new master keys do to them."""

from __future__ import annotations

import os
import stat

import pytest

from tests.signins import place, sign_in
from tests.vaults import flip, paths_in, soon
from vault import errors
from vault.secret import Secret
from vault.signin import sealed
from vault.signin.sealed import SignIns
from vault.system import locks
from vault.system.clock import Deadline

KEY, NEW = Secret(bytes(range(32))), Secret(bytes(32))
ID = b"the vault's ID.."


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


def opened(paths, key=KEY, **more):
    return SignIns.open(paths, key=key, vault_id=ID, create=True, **more)


def folder(paths):
    return os.path.join(paths.vault_folder, "signins")


def put(paths, *found, key=KEY):
    with opened(paths, key) as sign_ins:
        for one in found:
            sign_ins.write(one)


def read(paths, at, key=KEY):
    with opened(paths, key) as sign_ins:
        return sign_ins.read(at)


def test_a_sign_in_is_read_back(paths):
    put(paths, sign_in())
    assert read(paths, place()) == sign_in()


def test_the_folder_shows_neither_names_nor_tokens(paths):
    """Mode 0600 in a folder of 0700, a keyed name, one size."""
    put(paths, sign_in(), sign_in(place(None)))
    names = os.listdir(folder(paths))
    assert len(names) == 2
    assert stat.S_IMODE(os.stat(folder(paths)).st_mode) == 0o700
    for name in names:
        path = os.path.join(folder(paths), name)
        with open(path, "rb") as file:
            raw = file.read()
        assert (stat.S_IMODE(os.stat(path).st_mode), len(raw)) == (0o600, 4096 + 80)
        assert not any(text in raw or text in name.encode() for text in (b"corp", b"awsapps", b"token"))


@pytest.mark.parametrize(
    "change", [{"start_url": "https://other.awsapps.com/start"}, {"region": "eu-west-1"}]
)
def test_a_section_that_names_another_place_has_no_sign_in(paths, change):
    """A changed config must not send the token of one directory to another's host."""
    put(paths, sign_in())
    assert read(paths, place(**change)) is None


def test_every_damage_is_a_missing_sign_in(paths):
    """A flipped bit anywhere in salt, commitment, ciphertext and tag; each length; another key, a FIFO, an open mode."""
    put(paths, sign_in())
    (name,) = os.listdir(folder(paths))
    path = os.path.join(folder(paths), name)
    with open(path, "rb") as file:
        raw = file.read()
    damaged = [flip(raw, at) for at in (0, 31, 32, 63, 64, 2000, len(raw) - 1)]
    for wrong in [*damaged, b"", raw[:79], raw[:-1], raw + b"\0", bytes(70_000)]:
        with open(path, "wb") as file:
            file.write(wrong)
        assert read(paths, place()) is None
    with open(path, "wb") as file:
        file.write(raw)
    assert read(paths, place()) == sign_in()
    assert read(paths, place(), NEW) is None
    os.chmod(path, 0o644)
    assert read(paths, place()) is None
    os.unlink(path)
    os.mkfifo(path)
    assert read(paths, place()) is None


def test_a_file_under_the_name_of_another_is_missing(paths):
    """Swapping two files changes nothing but that both are missing."""
    put(paths, sign_in(), sign_in(place("lab")))
    first, second = (os.path.join(folder(paths), name) for name in os.listdir(folder(paths)))
    os.rename(first, first + "x")
    os.rename(second, first)
    os.rename(first + "x", second)
    with opened(paths) as sign_ins:
        assert sign_ins.all() == []


def test_a_write_removes_what_a_killed_write_left(paths):
    put(paths, sign_in())
    (name,) = os.listdir(folder(paths))
    left = os.path.join(folder(paths), f".{name}.0123456789abcdef")
    with open(left, "wb"):
        pass
    put(paths, sign_in(refresh=Secret("another")))
    assert os.listdir(folder(paths)) == [name]


def test_remove_deletes_what_a_killed_write_left_too(paths):
    """It is sealed, but it may have the newest tokens."""
    put(paths, sign_in())
    (name,) = os.listdir(folder(paths))
    with open(os.path.join(folder(paths), f".{name}.0123456789abcdef"), "wb"):
        pass
    with opened(paths) as sign_ins:
        assert sign_ins.remove(place())
    assert os.listdir(folder(paths)) == []


def test_remove_deletes_one_and_remove_all_those_that_no_key_opens_too(paths):
    put(paths, sign_in(), sign_in(place("lab")))
    put(paths, sign_in(place("foreign")), key=NEW)
    with opened(paths) as sign_ins:
        assert sign_ins.remove(place())
        assert not sign_ins.remove(place())
        assert [one.place.session for one in sign_ins.all()] == ["lab"]
    assert sealed.any_file(paths)
    assert sealed.remove_all(paths) == 2
    assert not sealed.any_file(paths)


def test_without_a_folder_there_is_nothing(paths):
    """And nothing creates it."""
    assert not sealed.any_file(paths)
    assert sealed.remove_all(paths) == 0
    with SignIns.open(paths, key=KEY, vault_id=ID) as sign_ins:
        assert (sign_ins.all(), sign_ins.read(place()), sign_ins.remove(place())) == ([], None, False)
    assert not os.path.exists(folder(paths))


def test_an_unsafe_folder_may_have_a_sign_in(paths):
    """Otherwise it would count as signed out, and nobody would end it at AWS."""
    put(paths, sign_in())
    os.chmod(folder(paths), 0o755)
    assert sealed.any_file(paths)
    with pytest.raises(errors.UnsafeFile):
        SignIns.open(paths, key=KEY, vault_id=ID)


def test_one_process_has_the_lock_of_a_sign_in(paths):
    """Another sign-in has its own; the user's sign-in has one beside the file's."""
    with opened(paths) as sign_ins, sign_ins.lock(place(), deadline=soon()):
        assert sign_ins.try_lock(place()) is None
        other = sign_ins.try_lock(place("lab"))
        assert other is not None
        other.release()
        waited = []
        with sign_ins.lock_question(place(), deadline=soon(), waiting=lambda: waited.append(1)):
            assert waited == []
            with pytest.raises(locks.Busy):
                sign_ins.lock_question(place(), deadline=Deadline.after(0), waiting=lambda: waited.append(1))
        assert waited == [1]


def carry(paths, **more):
    given = {"old": lambda: KEY, "new": NEW, "vault_id": ID, "deadline": soon(), **more}
    return sealed.carried_over(paths, **given)


def test_a_new_key_takes_every_sign_in_along(paths):
    """What the new key does not open is deleted."""
    put(paths, sign_in(), sign_in(place("lab")))
    put(paths, sign_in(place("foreign")), key=Secret(b"2" * 32))
    with carry(paths):
        pass
    assert read(paths, place(), NEW) == sign_in()
    assert read(paths, place("lab"), NEW) is not None
    assert read(paths, place()) is None
    assert len([name for name in os.listdir(folder(paths)) if not name.endswith(".lock")]) == 2


def test_a_vault_that_was_not_written_keeps_its_sign_ins(paths):
    """And nothing is left of the new ones."""
    put(paths, sign_in())
    before = os.listdir(folder(paths))
    with pytest.raises(OSError, match="the disk"), carry(paths):
        raise OSError("the disk")
    assert [name for name in os.listdir(folder(paths)) if not name.endswith(".lock")] == before
    assert read(paths, place()) == sign_in()


def test_a_refresh_waits_while_the_key_is_replaced(paths):
    """It would write its new tokens under a name that nobody reads."""
    put(paths, sign_in())
    with carry(paths), opened(paths) as sign_ins:
        assert sign_ins.try_lock(place()) is None


def test_a_new_sign_in_is_not_stored_while_the_key_is_replaced(paths):
    """It has no file yet whose lock would hold it back; and the old key is looked at when no process can store one."""
    put(paths, sign_in())
    held = []

    def old():
        with opened(paths) as sign_ins, pytest.raises(locks.Busy):
            sign_ins.lock_key(deadline=Deadline.after(0))
        held.append(True)
        return KEY

    with carry(paths, old=old):
        pass
    assert held == [True]
    with opened(paths) as sign_ins, sign_ins.lock_key(deadline=soon()):
        pass


def test_without_an_old_key_all_files_are_dropped(paths):
    put(paths, sign_in())
    with carry(paths, old=lambda: None):
        pass
    assert not sealed.any_file(paths)


def test_a_busy_sign_in_is_dropped_rather_than_the_rekey(paths, monkeypatch):
    """The vault's new keys are more important."""
    put(paths, sign_in())

    def busy(*_args, **_more):
        raise locks.Busy("busy")

    monkeypatch.setattr(locks, "lock", busy)
    with carry(paths) as lost:
        assert lost == ["corp"]
    assert not sealed.any_file(paths)
