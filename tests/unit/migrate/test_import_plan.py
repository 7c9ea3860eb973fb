"""Which keys an import takes, under which name and with which device; and that it overwrites nothing it did not see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.example import KEY_ID, SECRET, SERIAL
from tests.home import PASSPHRASE, endpoint_trust
from tests.unit.migrate.files import files
from tests.vaults import entry, soon
from vault import errors
from vault.keys.key_input import NewKey
from vault.migrate import import_keys, import_plan, key_removal, plaintext_keys, verify_keys
from vault.migrate.foreign_stores import Candidate, Harvest
from vault.secret import Secret
from vault.store import vault

OTHER_ID, OTHER = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"


def keys(name, key_id=KEY_ID, secret=SECRET):
    return f"[{name}]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n"


def intake(config, credentials="", *, known=()):
    held = files(config, credentials)
    found, skipped = plaintext_keys.find(held)
    return import_plan.from_files(found, skipped, config=held.merged, known=dict(known), replacing=False)


def harvest(*keys_, config="", replacing=False):
    return import_plan.from_store(
        Harvest(keys_, ()), config=files(config).merged, known={}, replacing=replacing
    )


@pytest.mark.parametrize("other", [(OTHER_ID, OTHER), (KEY_ID, OTHER)])
def test_a_second_key_of_a_profile_has_an_entry_of_its_own(other):
    """Tools take the credentials file's; the other one, or the same id with another secret, is no profile's entry."""
    taken = intake(keys("profile work", *other), keys("work"))
    assert [(m.entry, m.key.access_key_id, m.key.secret, m.profiles) for m in taken.keys] == [
        ("work", KEY_ID, Secret(SECRET), ("work",)),
        ("work-unused", other[0], Secret(other[1]), ()),
    ]
    assert taken.skipped == []


def test_a_second_key_that_is_another_profiles_is_that_ones():
    """The entry has the name of the profile that lives on it."""
    taken = intake(keys("profile work", OTHER_ID, OTHER), keys("work") + keys("hers", OTHER_ID, OTHER))
    assert [(moved.entry, moved.profiles) for moved in taken.keys] == [
        ("work", ("work",)),
        ("hers", ("hers",)),
    ]


def test_a_name_that_no_entry_may_have_gives_way_to_another_profiles():
    """Profiles that share a key share the first good name; where there is none, the key stays with the reason."""
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
    """One that cannot be a serial is passed over: doctor tells of it, and the key is moved all the same."""
    config = "[profile work]\nregion = x\n" + (f"mfa_serial = {own}\n" if own else "")
    for number, serial in enumerate(roles):
        config += f"[profile r{number}]\nrole_arn = x\nsource_profile = work\nmfa_serial = {serial}\n"
    (moved,) = intake(config, keys("work")).keys
    assert moved.key.mfa_serial == wanted


def test_two_keys_of_one_name_in_another_store_are_not_both_moved():
    """A console's CSV may name a user twice: its file is not removed while it holds a key that stays."""
    file = ("keys.csv", b"both")
    first = Candidate("work", KEY_ID, Secret(SECRET), "keys.csv", file)
    second = Candidate("work", OTHER_ID, Secret(OTHER), "keys.csv", file)
    taken = harvest(first, second)
    assert [(moved.key.access_key_id, moved.files) for moved in taken.keys] == [(KEY_ID, ())]
    assert [(one.profile, one.reason) for one in taken.skipped] == [
        ("work", "keys.csv: there are two keys named work")
    ]
    assert key_removal.removed_files(taken) == []


def test_a_file_with_a_key_that_aws_does_not_know_is_not_removed(desk):
    """It is the only place of that key, and what is told is that it was left where it is."""
    file = ("keys.csv", b"both")
    good = Candidate("good", KEY_ID, Secret(SECRET), "keys.csv", file)
    gone = Candidate("gone", "AKIAGONEGONEGEXAMPLE", Secret(OTHER), "keys.csv", file)
    for both in ((good, gone), (gone, good)):
        proven = verify_keys.verify(desk.context(), harvest(*both), endpoint_trust(desk.context()))
        assert [moved.entry for moved in proven.keys] == ["good"]
        assert [one.profile for one in proven.skipped] == ["gone"]
        assert key_removal.removed_files(proven) == []
    (change,) = key_removal.removed_files(
        verify_keys.verify(desk.context(), harvest(good), endpoint_trust(desk.context()))
    )
    assert (change.path, change.after) == ("keys.csv", None)


# ── proved and stored ───────────────────────────────────────────────────────────────────────


def moved(name="new", *, serial=None, proof=None):
    key = NewKey(OTHER_ID, Secret(OTHER), serial, None)
    return import_plan.ImportedKey(
        entry=name, key=key, profiles=(name,), origins=("x",), stored=False, proof=proof
    )


def opened(desk):
    return vault.open_with_passphrase(desk.context().paths, Secret(PASSPHRASE), deadline=soon())


def test_a_device_of_another_account_is_left_out(desk):
    """Its role's device is in the role's account: the key is proved and moved, without a device it cannot have."""
    key = NewKey(KEY_ID, Secret(SECRET), "arn:aws:iam::222222222222:mfa/theirs", None)
    taken = import_plan.ImportPlan(keys=[replace(moved(), key=key)])
    (proven,) = verify_keys.verify(desk.context(), taken, endpoint_trust(desk.context())).keys
    assert proven.key.mfa_serial is None
    assert proven.proof.identity.account == "111111111111"


def stored(desk, before, name):
    return import_keys.store(
        desk.context(), before, import_plan.ImportPlan(keys=[moved(name)])
    ).payload.entries[name]


def test_a_replaced_key_keeps_its_users_device(desk):
    """The new key of the same user still asks for a code where the old one did."""
    assert stored(desk, opened(desk), "shared-services").mfa_serial == SERIAL
    assert stored(desk, opened(desk), "new").mfa_serial is None


def test_a_rotation_that_began_meanwhile_keeps_its_keys(desk):
    """The vault holds the only copy of the new key: the way to finish is said, and nothing is written."""
    before = opened(desk)

    def begin(payload):
        held = payload.entries["shared-services"]
        return payload.with_entry(
            "shared-services", replace(held, journal=vault.RotationJournal(step="create", began=1))
        )

    vault.edit(desk.context().paths, before.k_main, begin, deadline=soon())
    with pytest.raises(errors.AlreadyExists, match="a rotation of shared-services began meanwhile") as raised:
        stored(desk, before, "shared-services")
    assert raised.value.hint == "finish it first: awsvault-py rotate --finish shared-services"
    assert opened(desk).payload.entries["shared-services"].access_key_id == KEY_ID


@pytest.mark.parametrize("which", ["new", "shared-services"])
def test_a_key_that_was_stored_meanwhile_is_not_overwritten(desk, which):
    """It was nobody's intention to replace what came in while a person read the question."""
    before = opened(desk)
    theirs = entry("AKIAMEANWHILEEXAMPLE")
    vault.edit(
        desk.context().paths,
        before.k_main,
        lambda payload: payload.with_entry(which, theirs),
        deadline=soon(),
    )
    with pytest.raises(errors.AlreadyExists, match=r"meanwhile \(AKIAMEANWHILEEXAMPLE\)"):
        stored(desk, before, which)
    assert opened(desk).payload.entries[which].access_key_id == "AKIAMEANWHILEEXAMPLE"


@pytest.mark.parametrize("again", [keys("work", OTHER_ID, OTHER), keys("work", KEY_ID, OTHER)])
def test_a_profile_with_two_keys_in_one_file_is_left(again):
    """Every line would be taken out and one key be stored: the other would be lost."""
    for first, second in ((keys("work"), again), (again, keys("work"))):
        taken = intake("", first + second)
        assert taken.keys == []
        assert [one.profile for one in taken.skipped] == ["work"]
        assert "two different keys" in taken.skipped[0].reason
    rivals = intake(keys("default") + again.replace("[work]", "[profile default]"))
    assert (rivals.keys, [one.profile for one in rivals.skipped]) == ([], ["default"])


def test_a_key_that_stands_twice_is_moved_once():
    """The same pair in two sections of one name: no key is lost by it."""
    assert [moved.entry for moved in intake("", keys("work") * 2).keys] == ["work"]
