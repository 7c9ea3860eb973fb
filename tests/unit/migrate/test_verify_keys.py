"""Keys that AWS verifies before an import removes them."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.example import KEY_ID, SECRET
from tests.home import endpoint_trust
from tests.unit.migrate.files import OTHER, harvest, moved
from vault.keys.key_input import NewKey
from vault.migrate import import_plan, key_removal, verify_keys
from vault.migrate.foreign_stores import Candidate
from vault.secret import Secret


def test_a_file_with_a_key_that_aws_does_not_know_is_not_removed(desk):
    """It is the only place of that key, and the reason says that the key was skipped."""
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


def test_a_device_of_another_account_is_left_out(desk):
    """The role's device is in the role's account: the key is verified and moved without a device."""
    key = NewKey(KEY_ID, Secret(SECRET), "arn:aws:iam::222222222222:mfa/theirs", None)
    taken = import_plan.ImportPlan(keys=[replace(moved(), key=key)])
    (proven,) = verify_keys.verify(desk.context(), taken, endpoint_trust(desk.context())).keys
    assert proven.key.mfa_serial is None
    assert proven.proof.identity.account == "111111111111"
