"""Which keys an import moves, under which entry and with which MFA device."""

from __future__ import annotations

import pytest

from tests.fakes.example import KEY_ID, SECRET, SERIAL
from tests.unit.migrate.files import OTHER, OTHER_ID, harvest, intake, keys
from vault.migrate import key_removal
from vault.migrate.foreign_stores import Candidate
from vault.secret import Secret


@pytest.mark.parametrize("other", [(OTHER_ID, OTHER), (KEY_ID, OTHER)])
def test_a_second_key_of_a_profile_has_an_entry_of_its_own(other):
    """Tools use the key in the credentials file; the other one, or the same ID with another secret, gets an entry that no profile uses."""
    taken = intake(keys("profile work", *other), keys("work"))
    assert [(m.entry, m.key.access_key_id, m.key.secret, m.profiles) for m in taken.keys] == [
        ("work", KEY_ID, Secret(SECRET), ("work",)),
        ("work-unused", other[0], Secret(other[1]), ()),
    ]
    assert taken.skipped == []


def test_a_second_key_that_another_profile_uses_is_that_profiles():
    """The entry has the name of the profile that uses it."""
    taken = intake(keys("profile work", OTHER_ID, OTHER), keys("work") + keys("hers", OTHER_ID, OTHER))
    assert [(moved.entry, moved.profiles) for moved in taken.keys] == [
        ("work", ("work",)),
        ("hers", ("hers",)),
    ]


def test_a_name_that_no_entry_may_have_is_not_chosen():
    """Profiles that share a key share the first good name; if there is none, the key is skipped with the reason."""
    taken = intake("", keys("a%b") + keys("work"))
    assert [(moved.entry, moved.profiles) for moved in taken.keys] == [("work", ("a%b", "work"))]
    (one,) = intake("", keys("a%b")).skipped
    assert one.profile == "a%b"
    assert 'credentials:2: the name "a%b" has %' in one.reason


@pytest.mark.parametrize(
    ("own", "roles", "wanted"),
    [
        (SERIAL, ("GAHT12345678", "GAHT12345678"), SERIAL),
        (None, (SERIAL, SERIAL), SERIAL),
        (None, (SERIAL, "GAHT12345678"), None),
        ("no serial at all", (), None),
    ],
)
def test_the_device_is_the_profiles_own_or_the_one_that_all_its_roles_name(own, roles, wanted):
    """A value that cannot be a serial is ignored: doctor reports it, and the key is moved all the same."""
    config = "[profile work]\nregion = x\n" + (f"mfa_serial = {own}\n" if own else "")
    for number, serial in enumerate(roles):
        config += f"[profile r{number}]\nrole_arn = x\nsource_profile = work\nmfa_serial = {serial}\n"
    (moved,) = intake(config, keys("work")).keys
    assert moved.key.mfa_serial == wanted


def test_two_keys_of_one_name_in_another_store_are_not_both_moved():
    """A CSV file may name a user twice: it is not removed while it has a key that stays."""
    file = ("keys.csv", b"both")
    first = Candidate("work", KEY_ID, Secret(SECRET), "keys.csv", file)
    second = Candidate("work", OTHER_ID, Secret(OTHER), "keys.csv", file)
    taken = harvest(first, second)
    assert [(moved.key.access_key_id, moved.files) for moved in taken.keys] == [(KEY_ID, ())]
    assert [(one.profile, one.reason) for one in taken.skipped] == [
        ("work", "keys.csv: there are two keys named work")
    ]
    assert key_removal.removed_files(taken) == []


def test_a_key_in_two_sections_is_moved_once():
    """The same key in two sections of one name: no key is lost."""
    assert [moved.entry for moved in intake("", keys("work") * 2).keys] == ["work"]
