"""Rotation among others: a list that lags, servers that know no key yet, other hands at the same user and vault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.example import KEY_ID
from tests.home import SCENARIO, endpoint_trust
from tests.unit.benches import NAME, refused
from vault import errors, limits
from vault.keys import entries
from vault.rotation import rotate, state_machine
from vault.rotation.key_age import key_ages
from vault.rotation.notes import plaintext_copies
from vault.rotation.steps import RotationRequest


def test_a_full_user_that_the_list_does_not_show_is_awss_last_word(bench, aws):
    """LimitExceeded while the list shows one key: it is looked at again, then the run ends with 11, and nothing is lost."""
    refused(aws, "CreateAccessKey", "LimitExceeded", status=409)
    with pytest.raises(errors.RotationStopped, match="LimitExceeded"):
        bench.rotate()
    assert aws.calls.count("ListAccessKeys") > limits.KEEP_TRIES
    assert bench.keys_at_aws() == {KEY_ID: "Active"}
    bench.rotate()
    bench.settled()


def test_a_key_that_somebody_made_at_the_same_moment_is_shown(bench, aws):
    """The second place was taken between the list and CreateAccessKey: both keys are shown, and neither is touched."""

    def taken():
        made = aws.world.add_key(bench.user)
        made.last_used, made.last_service = aws.world.now(), "s3"

    aws.faults.hook("CreateAccessKey", "before", taken)
    with pytest.raises(state_machine.TwoKeys, match="s3"):
        bench.rotate()
    assert len(bench.keys_at_aws()) == 2
    assert aws.calls.count("DeleteAccessKey") == 0


def test_a_key_that_somebody_made_at_the_same_moment_is_left_alone_by_the_next_run_too(bench, aws):
    """Never used as far as AWS tells, and made in the second of our try, which AWS refused: no run deletes it."""
    made = []
    aws.faults.hook("CreateAccessKey", "before", lambda: made.append(aws.world.add_key(bench.user).id))
    for _ in range(3):
        with pytest.raises(state_machine.TwoKeys, match="never used"):
            bench.rotate()
    assert set(bench.keys_at_aws()) == {KEY_ID, *made}
    assert bench.entry.journal is None


def test_a_refused_try_keeps_the_one_before_it(bench, aws, monkeypatch):
    """A try's answer was lost and its key shows late, so that the next run's own is refused: the lost key is known still."""
    everything = aws.world.keys_of
    monkeypatch.setattr(aws.world, "keys_of", lambda user: [k for k in everything(user) if k.id == KEY_ID])
    aws.faults.add("CreateAccessKey", "cut-after")
    aws.faults.hook(
        "CreateAccessKey", "before", lambda: aws.faults.add("ListAccessKeys", "error-500", times=None)
    )
    with pytest.raises(errors.Error):
        bench.rotate()
    aws.faults.clear()
    (lost,) = {key.id for key in everything(bench.user)} - {KEY_ID}
    aws.faults.hook("CreateAccessKey", "before", monkeypatch.undo)
    refused(aws, "CreateAccessKey", "LimitExceeded", status=409)
    bench.rotate()
    assert lost not in bench.keys_at_aws()
    bench.settled()


def test_two_entries_with_one_key_are_one_rotation(bench, aws):
    """Whichever name is given: the rotation of the other is finished, or taken back, and its old key is nobody else's."""
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


def test_a_refusal_does_not_forget_an_unanswered_try(bench, aws, monkeypatch):
    """A key was made and its answer lost, IAM's list is late, and the next try is refused: that key is known still."""
    everything = aws.world.keys_of
    monkeypatch.setattr(aws.world, "keys_of", lambda user: [k for k in everything(user) if k.id == KEY_ID])
    aws.faults.hook(
        "CreateAccessKey",
        "after",
        lambda: refused(aws, "CreateAccessKey", "AccessDenied", status=403, times=None),
    )
    aws.faults.add("CreateAccessKey", "cut-after")
    with pytest.raises(errors.RotationStopped, match="AccessDenied"):
        bench.rotate()
    monkeypatch.undo()
    aws.faults.clear()
    (lost,) = set(bench.keys_at_aws()) - {KEY_ID}
    bench.rotate()
    assert lost not in bench.keys_at_aws()
    bench.settled()


def test_a_proof_that_fails_otherwise_stops_before_the_old_key(bench, aws):
    """A refusal that waiting does not mend ends the run with 11 while the old key is in use; the next goes on."""
    aws.faults.hook(
        "CreateAccessKey",
        "after",
        lambda: refused(aws, "GetCallerIdentity", "SignatureDoesNotMatch"),
    )
    with pytest.raises(errors.RotationStopped, match=f"{KEY_ID} is still in use"):
        bench.rotate()
    assert set(bench.keys_at_aws().values()) == {"Active"}
    bench.rotate()
    assert aws.calls.count("CreateAccessKey") == 1
    bench.settled()


def test_a_server_that_knows_neither_key_is_asked_again(bench, aws):
    """Making the old key inactive meets servers that know none of the two yet: it waits, and ends well."""
    refused(aws, "UpdateAccessKey", "InvalidClientTokenId", times=4)
    bench.rotate()
    assert aws.calls.count("UpdateAccessKey") == 5
    bench.settled()


def test_iam_that_stays_away_after_the_turn_is_told_as_that(bench, aws):
    """The new key is in use and says so; it gives up after a while, and the next run makes the old key inactive."""
    aws.faults.add("UpdateAccessKey", "error-503", times=None)
    with pytest.raises(errors.Unreachable, match=r"AKIA\w+ is in use.*UpdateAccessKey") as caught:
        bench.rotate()
    assert f"rotate {NAME}" in caught.value.hint
    aws.faults.clear()
    bench.rotate()
    bench.settled()


def test_a_key_that_another_machine_made_just_now_is_not_deleted(bench, aws):
    """Its rotation is at work beside ours, its key not used yet: AWS refused ours, so that key is not what we lost."""
    aws.faults.hook("CreateAccessKey", "before", lambda: aws.world.add_key(bench.user))
    with pytest.raises(state_machine.TwoKeys):
        bench.rotate()
    assert aws.calls.count("DeleteAccessKey") == 0
    assert list(bench.keys_at_aws().values()) == ["Active", "Active"]


def test_a_rotation_that_comes_to_no_end_is_ended(bench, monkeypatch):
    """Whatever keeps it going, the run ends by itself and says how to look; the next one goes on."""
    monkeypatch.setattr(limits, "ROTATION_STEPS", 2)
    with pytest.raises(errors.RotationStopped, match="keys of this user"):
        bench.rotate()
    assert bench.keys_at_aws()[KEY_ID] == "Active"
    monkeypatch.undo()
    bench.rotate()
    bench.settled()


def test_an_entry_that_went_while_it_was_asked_is_told_so(bench):
    """Removed by another process between the question and the rotation: 5, and nothing is asked of AWS."""
    opened = bench.opened()
    bench.edit(lambda p: p.without_entry(NAME))
    with pytest.raises(errors.NotFound, match=f'"{NAME}" is no longer'):
        rotate.prepare(
            bench.context(), opened, NAME, trust=endpoint_trust(bench.context()), tell=bench.told.append
        )
    assert not bench.aws.calls.actions()


def test_a_config_that_broke_does_not_stop_a_rotation_that_is_done(bench, aws, home):
    """AWS's files become unreadable while keys turn: no plain copies are found, no sessions dropped, and the key is new."""
    bench.ask("dev")
    aws.faults.hook("UpdateAccessKey", "after", lambda: home.config("[profile\n"))
    done = bench.rotate()
    assert bench.keys_at_aws() == {KEY_ID: "Inactive", done.key_id: "Active"}
    assert plaintext_copies(bench.context(), KEY_ID) == []


def test_profiles_that_cannot_be_resolved_keep_no_session(bench, home):
    """One profile with a mistake, and one whose key is elsewhere, do not keep the old key's sessions alive."""
    home.config(
        "[profile broken]\nrole_arn = x\nsource_profile = nobody\n"
        "[profile plain]\naws_access_key_id = AKIAI44QH8DHBEXAMPLE\naws_secret_access_key = x\n" + SCENARIO
    )
    first = bench.ask("dev")
    bench.rotate()
    assert bench.cache().get(first.digest) is None


def test_two_entries_of_one_key_are_one_rotation(bench):
    """--all takes each key once, by the entry that has its journal; a name that is near is proposed."""
    bench.edit(lambda p: p.with_entry("again", replace(p.entries[NAME], journal=None)))
    assert len(rotate.choose_entries(bench.opened().payload, (), everything=True)) == 1
    bench.rotate()
    bench.edit(lambda p: p.with_entry("zz", replace(p.entries[NAME], journal=None)))
    assert rotate.choose_entries(bench.opened().payload, (), everything=True) == [NAME]
    with pytest.raises(errors.NotFound) as caught:
        rotate.choose_entries(bench.opened().payload, ("shared-service",), everything=False)
    assert NAME in caught.value.hint


def test_a_new_key_that_cannot_be_kept_is_deleted_again(bench, aws):
    """The vault's file broke after the key was made: no key is left at AWS that nobody has the secret of."""

    def damage():
        with open(bench.context().paths.vault, "wb") as file:
            file.write(b"no vault")

    aws.faults.hook("CreateAccessKey", "after", damage)
    with pytest.raises(errors.RotationStopped, match="was deleted again"):
        bench.rotate()
    assert bench.keys_at_aws() == {KEY_ID: "Active"}


def test_what_is_told_of_keys_without_asking_aws(bench, aws):
    """The vault's own word, marked as that; and AWS's, with what is wrong with the key."""
    keys = bench.keys(bench.context())
    (quiet,) = key_ages(bench.context(), keys, ask_aws=False)
    assert (quiet.name, quiet.exact, quiet.trouble, len(aws.calls)) == (NAME, False, None, 0)
    (asked,) = key_ages(bench.context(), keys)
    assert (asked.exact, asked.trouble) == (True, None)
    key = aws.world.keys[KEY_ID]
    aws.faults.hook(
        "GetCallerIdentity", "after", lambda: setattr(key, "user", aws.world.user("colleague").arn)
    )
    (gone,) = key_ages(bench.context(), keys)
    assert "does not have it" in gone.trouble
    del aws.world.keys[KEY_ID]
    (unknown,) = key_ages(bench.context(), keys)
    assert "InvalidClientTokenId" in unknown.trouble


def test_an_entry_whose_key_is_being_turned_is_not_replaced(bench):
    """The vault holds the only copy of the new key: finish first, and only then --replace."""
    bench.rotate()
    with pytest.raises(errors.Declined, match=f'rotation of "{NAME}"') as caught:
        entries.check_name_is_free(bench.opened(), NAME, replacing=True)
    assert f"--finish {NAME}" in caught.value.hint
    bench.rotate(RotationRequest(finish=True))
    entries.check_name_is_free(bench.opened(), NAME, replacing=True)


def test_a_key_of_another_account_than_the_entrys_is_not_turned(bench, aws):
    """The entry was of another account when it was added: both are named, and nothing is made."""
    bench.edit(lambda p: p.with_entry(NAME, replace(p.entries[NAME], account="999999999999")))
    with pytest.raises(errors.Refused, match=r"account 111111111111.* 999999999999"):
        bench.rotate()
    assert aws.calls.count("CreateAccessKey") == 0
