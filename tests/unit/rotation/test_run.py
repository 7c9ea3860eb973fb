"""A rotation against the stand-in: what each step does at AWS and in the vault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.example import KEY_ID, SERIAL
from tests.unit.benches import NAME, unsteady
from tests.vaults import entry as example_entry
from vault import errors, limits
from vault.rotation import state_machine
from vault.rotation.steps import RotationRequest


@pytest.fixture
def bench(home, aws):
    return unsteady(home, aws)


def test_a_new_key_takes_over_and_the_old_one_is_kept(bench):
    """The entry has the new key, the old one is inactive at AWS and kept for seven days."""
    done = bench.rotate()
    assert done.replaced == KEY_ID
    assert bench.keys_at_aws() == {KEY_ID: "Inactive", done.key_id: "Active"}
    found = bench.entry
    assert (found.access_key_id, found.journal.step) == (done.key_id, "grace")
    assert done.until == found.journal.began + 7 * 86_400
    assert abs(found.journal.began - bench.clock.time()) < 5
    assert found.account == "111111111111"
    assert found.user == "yourself"
    assert bench.ask("dev").line


def test_a_new_key_is_verified_before_it_is_used(bench, aws):
    """It works five times in a row, while AWS knows it unreliably, before the old one is touched."""
    bench.rotate()
    actions = aws.calls.actions()
    proofs = aws.calls.of("GetCallerIdentity")[
        actions[: actions.index("CreateAccessKey")].count("GetCallerIdentity") :
    ]
    assert [call.result for call in proofs[-5:]] == ["ok"] * 5
    assert any(call.result == "InvalidClientTokenId" for call in proofs)
    assert actions.index("UpdateAccessKey") > len(actions) - 3


def test_undo_takes_the_old_key_back(bench):
    """The old key is active again, verified and the entry's key; its replacement is deleted."""
    bench.rotate()
    done = bench.rotate(RotationRequest(undo=True))
    assert done.key_id == KEY_ID
    assert bench.keys_at_aws() == {KEY_ID: "Active"}
    assert bench.entry.journal is None
    assert bench.entry.secret == example_entry().secret


def test_finish_deletes_the_old_key(bench):
    """The old key is deleted, the new one stays, and a second --finish has nothing to do."""
    new = bench.rotate().key_id
    assert bench.rotate(RotationRequest(finish=True)).deleted == (KEY_ID,)
    assert bench.keys_at_aws() == {new: "Active"}
    assert bench.rotate(RotationRequest(finish=True)).deleted == ()
    assert bench.entry.journal is None


def test_delete_now_keeps_nothing(bench):
    """With --delete-now there is one key at the end, and nothing to undo."""
    new = bench.rotate(RotationRequest(delete_now=True)).key_id
    assert bench.keys_at_aws() == {new: "Active"}
    with pytest.raises(state_machine.NothingToUndo):
        bench.rotate(RotationRequest(undo=True))


def test_the_next_rotation_deletes_the_kept_key_first(bench):
    """Two rotations in a row: the first old key is deleted, the second is kept."""
    second = bench.rotate().key_id
    done = bench.rotate()
    assert done.deleted == (KEY_ID,)
    assert bench.keys_at_aws() == {second: "Inactive", done.key_id: "Active"}


def test_two_keys_are_shown_and_neither_is_touched(bench, aws):
    """A second key that is not in the entry stops the rotation before a key is created; exit 11 names both."""
    other = aws.world.add_key(bench.user)
    with pytest.raises(state_machine.TwoKeys) as caught:
        bench.rotate()
    assert caught.value.exit_code == 11
    for text in (KEY_ID, other.id, "never used", "in the vault"):
        assert text in caught.value.message
    assert other.id in caught.value.hint
    assert aws.calls.count("CreateAccessKey") == 0
    assert bench.entry.journal is None


def test_a_named_other_key_makes_room(bench, aws):
    """--delete-other deletes exactly the named key, and the rotation continues."""
    other = aws.world.add_key(bench.user)
    done = bench.rotate(RotationRequest(delete_other=other.id))
    assert other.id in done.deleted
    assert set(bench.keys_at_aws()) == {KEY_ID, done.key_id}


def test_a_key_that_was_rotated_elsewhere_is_refused_with_a_hint(bench, aws):
    """AWS does not know the key any longer."""
    del aws.world.keys[KEY_ID]
    with pytest.raises(errors.Refused) as caught:
        bench.rotate()
    assert caught.value.code == "InvalidClientTokenId"


def test_a_rotation_where_iam_requires_mfa_costs_one_code(bench, aws):
    """One MFA session serves every call of the rotation."""
    bench.user.require_mfa_for_iam = True
    bench.rotate(RotationRequest(delete_now=True))
    assert len(aws.calls.codes()) == 1
    assert aws.calls.count("GetSessionToken") == 1
    bench.settled()


def test_a_code_on_the_command_line_serves_a_device_without_a_seed(bench, aws):
    """--mfa-code is sent once, for the whole rotation."""
    bench.user.require_mfa_for_iam = True
    bench.edit(lambda p: p.without_seed(SERIAL))
    with pytest.raises(errors.Refused, match="MFA"):
        bench.rotate()
    bench.rotate(mfa_code=aws.world.code(SERIAL))
    assert len(aws.calls.codes()) == 1
    bench.settled()


@pytest.mark.parametrize("action", ["ListAccessKeys", "CreateAccessKey"])
def test_a_refusal_by_iam_changes_nothing_and_names_the_policy(bench, action):
    """A refusal leaves no journal and no key; the hint names the policy to ask for."""
    bench.user.denied = {f"iam:{action}"}
    with pytest.raises(errors.Error) as caught:
        bench.rotate()
    assert "AccessDenied" in caught.value.message
    assert bench.keys_at_aws() == {KEY_ID: "Active"}
    assert bench.entry.journal is None
    if action == "CreateAccessKey":
        assert caught.value.exit_code == 11
        assert "--print-policy" in caught.value.hint


def test_a_refusal_after_the_new_key_took_over_says_that_it_is_in_use(bench):
    """If the old key may not be deactivated, the new one is in use nevertheless, and the error says so."""
    bench.user.denied = {"iam:UpdateAccessKey"}
    with pytest.raises(errors.Refused, match="is in use") as caught:
        bench.rotate()
    assert caught.value.exit_code == 7
    bench.user.denied = set()
    bench.rotate()
    bench.settled()


def test_a_continued_rotation_that_fails_says_that_the_new_key_is_in_use(bench):
    """This run replaced nothing, an earlier one did: AWS's own error and its code, not that the old key is in use."""
    bench.user.denied = {"iam:UpdateAccessKey"}
    with pytest.raises(errors.Refused):
        bench.rotate()
    new = bench.entry.access_key_id
    with pytest.raises(errors.Refused, match=f"{new} is in use") as caught:
        bench.rotate()
    assert (caught.value.exit_code, caught.value.code) == (7, "AccessDenied")
    assert f"rotate {NAME}" in caught.value.hint


def test_the_grace_begins_when_the_old_key_is_deactivated(bench):
    """AWS refused that for two days: the old key is kept for seven days from then on."""
    bench.user.denied = {"iam:UpdateAccessKey"}
    with pytest.raises(errors.Refused):
        bench.rotate()
    taken_over = bench.entry.journal.began
    bench.clock.sleep(2 * 86_400)
    bench.user.denied = set()
    done = bench.rotate()
    assert bench.entry.journal.began >= taken_over + 2 * 86_400
    assert done.until == bench.entry.journal.began + 7 * 86_400


@pytest.mark.parametrize("named", [True, False])
def test_aws_that_cannot_be_reached_gives_its_own_hint_until_a_rotation_began(bench, aws, named):
    """Before the journal the error's own hint stays; with it, the hint is to continue: the next run reads the journal."""
    other = aws.world.add_key(bench.user).id if named else None
    action = "DeleteAccessKey" if named else "CreateAccessKey"
    aws.faults.add(action, "error-500", times=None)
    with pytest.raises(errors.RotationStopped) as caught:
        bench.rotate(RotationRequest(delete_other=other))
    assert (bench.entry.journal is None) == named
    assert (caught.value.hint == errors.RotationStopped.hint) != named
    assert KEY_ID in caught.value.message


def test_undo_of_an_interrupted_delete_now_takes_the_old_key_back(bench, aws):
    """AWS was not reachable when the old key was to be deleted: --undo restores it, and deletes the new one."""
    aws.faults.add("DeleteAccessKey", "error-500", times=None)
    with pytest.raises(errors.Unreachable):
        bench.rotate(RotationRequest(delete_now=True))
    new = bench.entry.access_key_id
    aws.faults.clear()
    done = bench.rotate(RotationRequest(undo=True))
    assert (done.key_id, done.deleted) == (KEY_ID, (new,))
    assert bench.keys_at_aws() == {KEY_ID: "Active"}
    bench.settled()


def test_every_entry_with_the_key_gets_the_new_one(bench):
    """Two entries with one key change together, and back."""
    bench.edit(lambda p: p.with_entry("again", replace(p.entries[NAME], journal=None)))
    assert any('"again"' in note for note in bench.look().notes)
    new = bench.rotate().key_id
    entries = bench.opened().payload.entries
    assert {entry.access_key_id for entry in entries.values()} == {new}
    bench.rotate(RotationRequest(undo=True))
    assert {entry.access_key_id for entry in bench.opened().payload.entries.values()} == {KEY_ID}


def test_awss_clock_is_not_taken_from_an_older_answer(bench, aws):
    """A call without an answer says nothing about AWS's clock; an earlier answer no longer counts."""
    iam_signer = bench.look().rotation._iam_signer
    assert abs(iam_signer.skew) <= 2
    bench.clock.sleep(100)
    aws.faults.add("ListAccessKeys", "cut-before", times=None)
    with pytest.raises(errors.Unreachable):
        iam_signer.iam().keys()
    assert abs(iam_signer.skew) <= 2


def test_a_rotation_that_does_not_finish_is_stopped(bench, monkeypatch):
    """Whatever keeps it running, the run stops by itself and says how to look; the next one continues."""
    monkeypatch.setattr(limits, "ROTATION_STEPS", 2)
    with pytest.raises(errors.RotationStopped, match="keys of this user"):
        bench.rotate()
    assert bench.keys_at_aws()[KEY_ID] == "Active"
    monkeypatch.undo()
    bench.rotate()
    bench.settled()


def test_a_key_in_another_account_than_the_entry_is_not_rotated(bench, aws):
    """The entry was stored for another account: both are named, and no key is created."""
    bench.edit(lambda p: p.with_entry(NAME, replace(p.entries[NAME], account="999999999999")))
    with pytest.raises(errors.Refused, match=r"account 111111111111.* 999999999999"):
        bench.rotate()
    assert aws.calls.count("CreateAccessKey") == 0
