"""Keys in the stores of other programs: what cannot be taken is told, and keeps none of the others back."""

from __future__ import annotations

import os

import pytest

from tests.aws_vault_files import PASSPHRASE, item, sealed
from tests.fakes.example import KEY_ID, SECRET
from tests.keyrings import Desktop
from vault import errors, limits
from vault.migrate import foreign_stores
from vault.secret import Secret


@pytest.fixture
def store(tmp_path):
    folder = tmp_path / "keys"
    folder.mkdir()
    return foreign_stores.aws_vault({"AWS_VAULT_FILE_DIR": str(folder)}, home=str(tmp_path))


def put(store, name, text):
    with open(os.path.join(store.folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def read(store):
    asked = []

    def passphrase():
        asked.append(1)
        return Secret(PASSPHRASE)

    found = foreign_stores.from_files(store, passphrase)
    assert len(asked) <= 1
    return found, bool(asked)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no JWE", "is not a JWE of five parts"),
        (sealed(b"not json"), "contains no access key"),
        (sealed(b"[]"), "contains no access key"),
        (sealed(b'{"Data":"e30="}'), "contains no access key"),
        (sealed(item("odd", AccessKeyID=7)), "contains no access key"),
        (sealed(item("another")), "has another name inside"),
        (sealed(item("odd", SessionToken="t")), "contains a temporary key"),
        ("x" * (limits.MAX_FOREIGN_ITEM + 1), "bytes"),
    ],
)
def test_what_is_no_key_is_skipped_and_the_others_are_found(store, text, reason):
    """Each is named with its file and what is wrong with it; no secret is repeated."""
    put(store, "odd", text)
    put(store, "work", sealed(item()))
    found, _ = read(store)
    (key,) = found.keys
    assert (key.name, key.access_key_id, key.secret) == ("work", KEY_ID, Secret(SECRET))
    (one,) = found.skipped
    assert one.profile == "odd"
    assert os.path.join(store.folder, "odd") in one.reason
    assert reason in one.reason
    assert SECRET not in one.reason


def test_a_folder_among_the_keys_stops_nothing(store):
    """Nor does a dangling link, which is not even named."""
    os.mkdir(os.path.join(store.folder, "folder"))
    os.symlink("/nowhere/at/all", os.path.join(store.folder, "dead"))
    put(store, "work", sealed(item()))
    found, _ = read(store)
    assert [key.name for key in found.keys] == ["work"]
    assert [one.profile for one in found.skipped] == ["folder"]
    assert "is not a regular file" in found.skipped[0].reason


def test_without_a_key_no_passphrase_is_asked_for(store):
    """Only sessions and dangling links: there is nothing to decrypt."""
    put(store, "session:work:x:1", "x")
    os.symlink("/nowhere/at/all", os.path.join(store.folder, "dead"))
    assert read(store) == (foreign_stores.Harvest((), ()), False)


def test_a_huge_folder_is_not_read(store, monkeypatch):
    """A variable may point at it by mistake: the error says so, and no file is opened."""
    monkeypatch.setattr(limits, "MAX_FOREIGN_ITEMS", 2)
    for name in "abc":
        put(store, name, "x")
    with pytest.raises(errors.ConfigError, match=r"has 3 files, .* at most 2"):
        read(store)


def test_a_store_that_cannot_be_listed_is_named(tmp_path):
    """The folder and the system's reason: an empty list would look like a store without keys."""
    store = foreign_stores.aws_vault({"AWS_VAULT_FILE_DIR": str(tmp_path / ("x" * 300))}, home=str(tmp_path))
    with pytest.raises(errors.StorageError, match="File name too long"):
        read(store)


def test_a_missing_csv_is_named(tmp_path):
    """Exit 5 with the path as given."""
    with pytest.raises(errors.NotFound, match=r"there is no file .*nowhere\.csv") as raised:
        foreign_stores.from_csv(str(tmp_path / "nowhere.csv"), name=None)
    assert "IAM console" in raised.value.hint


def test_a_keyring_that_does_not_answer_is_not_an_empty_one(store, tmp_path, monkeypatch):
    """Otherwise you would think that it has no keys, and remove the other program."""
    desktop = Desktop(tmp_path)
    try:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", desktop.address)
        assert foreign_stores.from_keyring(store) == ((), ()), "a desktop without a keyring has none"
        desktop.be_mute()
        monkeypatch.setattr(limits, "KEYRING_TIMEOUT", 0.3)
        with pytest.raises(
            errors.ConfigError, match="collection in the keyring could not be read: no answer"
        ):
            foreign_stores.from_keyring(store)
    finally:
        desktop.end()


@pytest.mark.parametrize(
    ("row", "left"),
    [
        ("", []),
        (",,", []),
        ("colleague,AKIAI44QH8DHBEXAMPLE", ["colleague"]),
        ("colleague,,", ["colleague"]),
        (",,secret", ["row 3"]),
    ],
)
def test_a_csv_that_holds_more_than_keys_is_not_removed(tmp_path, row, left):
    """A row that is cut off, or of a user without a key, is reported, and the file stays as it is."""
    path = tmp_path / "keys.csv"
    path.write_text(f"User name,Access key ID,Secret access key\nwork,{KEY_ID},{SECRET}\n{row}\n")
    path.chmod(0o600)
    found = foreign_stores.from_csv(str(path), name=None)
    assert [key.name for key in found.keys] == ["work"]
    assert [one.profile for one in found.skipped] == left
    assert found.keys[0].file == (None if left else (str(path), path.read_bytes()))
