"""Which entries are rotated, one rotation at a time, and what becomes of cached sessions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.example import KEY_ID
from tests.home import SCENARIO, endpoint_trust
from tests.unit.benches import NAME
from tests.vaults import entry as example_entry
from vault import errors
from vault.rotation import rotate
from vault.rotation.notes import plaintext_copies
from vault.rotation.steps import RotationRequest


def test_sessions_of_the_old_key_are_dropped(bench):
    """What the old key started is no longer in the cache, and the next export starts fresh."""
    first = bench.ask("dev")
    cache = bench.cache()
    assert cache.get(first.digest) is not None
    bench.rotate()
    assert cache.get(first.digest) is None
    assert bench.ask("dev").digest != first.digest


def test_one_rotation_at_a_time(bench):
    """A second ``rotate`` says that another one runs."""
    with rotate.lock_rotations(bench.context()), pytest.raises(errors.Declined, match="another"):
        rotate.lock_rotations(bench.context())
    rotate.lock_rotations(bench.context()).release()


@pytest.mark.parametrize("named", [KEY_ID, "AKIAI44QH8DHBEXAMPLE"])
def test_only_the_users_other_key_can_be_named(bench, aws, named):
    """--delete-other takes neither the key to rotate nor another user's."""
    aws.world.add_key(bench.user)
    with pytest.raises((errors.Declined, errors.RotationStopped)):
        bench.rotate(RotationRequest(delete_other=named))
    assert aws.calls.count("DeleteAccessKey") == 0


def test_a_key_of_another_entry_is_not_another_key(bench, aws):
    """--delete-other never deletes a key that an entry of the vault has."""
    other = aws.world.add_key(bench.user)
    bench.edit(lambda p: p.with_entry("second", example_entry(other.id)))
    with pytest.raises(errors.Declined, match="second"):
        bench.rotate(RotationRequest(delete_other=other.id))
    assert aws.calls.count("DeleteAccessKey") == 0


def test_two_entries_with_one_key_are_one_rotation(bench, aws):
    """Whichever name is given: the other entry's rotation is finished, and its old key counts as the vault's."""
    bench.edit(lambda p: p.with_entry("second", replace(p.entries[NAME], journal=None)))
    new = bench.rotate().key_id
    payload = bench.opened().payload
    assert payload.entries["second"].access_key_id == new
    assert rotate.choose_entries(payload, ["second"], everything=False) == [NAME]
    assert rotate.choose_entries(payload, [], everything=True) == [NAME]
    assert rotate.choose_entries(payload, ["second", NAME], everything=False) == [NAME]
    prepared = rotate.prepare(
        bench.context(),
        bench.opened(),
        "second",
        trust=endpoint_trust(bench.context()),
        tell=bench.told.append,
    )
    with pytest.raises(errors.Declined, match=f'{KEY_ID} is in the vault.*"{NAME}"'):
        rotate.carry_out(bench.context(), bench.opened(), prepared, RotationRequest(delete_other=KEY_ID))
    assert KEY_ID in bench.keys_at_aws()


def test_all_takes_each_key_once(bench):
    """By the entry that has its journal; a similar name is proposed."""
    bench.edit(lambda p: p.with_entry("again", replace(p.entries[NAME], journal=None)))
    assert len(rotate.choose_entries(bench.opened().payload, (), everything=True)) == 1
    bench.rotate()
    bench.edit(lambda p: p.with_entry("zz", replace(p.entries[NAME], journal=None)))
    assert rotate.choose_entries(bench.opened().payload, (), everything=True) == [NAME]
    with pytest.raises(errors.NotFound) as caught:
        rotate.choose_entries(bench.opened().payload, ("shared-service",), everything=False)
    assert NAME in caught.value.hint


def test_an_entry_that_was_removed_while_the_user_was_asked_is_not_found(bench):
    """Exit 5, and AWS is not asked."""
    opened = bench.opened()
    bench.edit(lambda p: p.without_entry(NAME))
    with pytest.raises(errors.NotFound, match=f'"{NAME}" is no longer'):
        rotate.prepare(
            bench.context(), opened, NAME, trust=endpoint_trust(bench.context()), tell=bench.told.append
        )
    assert not bench.aws.calls.actions()


def test_a_broken_config_does_not_undo_a_finished_rotation(bench, aws, home):
    """AWS's files become unreadable during the rotation: no plaintext copies are found, no sessions dropped, and the key is new."""
    bench.ask("dev")
    aws.faults.hook("UpdateAccessKey", "after", lambda: home.config("[profile\n"))
    done = bench.rotate()
    assert bench.keys_at_aws() == {KEY_ID: "Inactive", done.key_id: "Active"}
    assert plaintext_copies(bench.context(), KEY_ID) == []


def test_profiles_that_cannot_be_resolved_keep_no_session(bench, home):
    """A profile with a mistake, and one whose key is elsewhere, do not keep the old key's sessions."""
    home.config(
        "[profile broken]\nrole_arn = x\nsource_profile = nobody\n"
        "[profile plain]\naws_access_key_id = AKIAI44QH8DHBEXAMPLE\naws_secret_access_key = x\n" + SCENARIO
    )
    first = bench.ask("dev")
    bench.rotate()
    assert bench.cache().get(first.digest) is None
