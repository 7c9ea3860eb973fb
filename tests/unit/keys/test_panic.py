"""The emergency: every key goes inactive, whatever fails on the way, and nothing usable is left here."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.fakes.example import KEY_ID, SERIAL
from tests.home import endpoint_trust
from tests.unit.benches import NAME
from tests.vaults import entry
from vault import errors
from vault.cli.panic import command
from vault.keys import panic
from vault.secret import Secret
from vault.unlocking import manual_lock

COLLEAGUE = ("AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY")
ROBOT = ("AKIAROBOTROBOEXAMPLE", "robotXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def press(bench):
    bench.told.clear()
    return panic.run(
        bench.context(), bench.opened(), trust=endpoint_trust(bench.context()), tell=bench.told.append
    )


def add(bench, name, key):
    bench.edit(lambda p: p.with_entry(name, entry(key[0], secret=Secret(key[1]))))


def test_every_key_goes_inactive(bench, aws):
    """Keys of several users, and the old and new keys of a rotation: all inactive, in one run."""
    bench.rotate()
    add(bench, "colleague", COLLEAGUE)
    report = press(bench)
    assert all(fate.inactive for fate in report.outcomes)
    assert {key.status for key in aws.world.keys_of(bench.user)} == {"Inactive"}
    assert aws.world.keys[COLLEAGUE[0]].status == "Inactive"
    assert len(report.users) == 2


def test_the_key_that_signs_goes_last(bench, aws):
    """Two keys of one user in two entries: each is made inactive, the signer after the other."""
    second = aws.world.add_key(bench.user)
    add(bench, "another", (second.id, second.secret))
    press(bench)
    order = [(c.parameters["AccessKeyId"], c.access_key_id) for c in aws.calls.of("UpdateAccessKey")]
    assert {key for key, _ in order} == {KEY_ID, second.id}
    assert order[-1][0] == order[-1][1]
    assert set(bench.keys_at_aws().values()) == {"Inactive"}


def test_a_mistake_in_awss_files_stops_nothing(bench, home):
    """They cannot be read: what they said of endpoints is done without, and every key goes."""
    home.config("[profile dev\nno = section\n")
    report = press(bench)
    assert all(fate.inactive for fate in report.outcomes)
    assert set(bench.keys_at_aws().values()) == {"Inactive"}
    assert any("config" in said and "standard endpoints" in said for said in bench.told)


@pytest.mark.usefixtures("awss_own")
def test_a_key_that_is_gone_at_aws_is_no_failure(bench, aws):
    """The entry's key was deleted there, and the new key of a rotation works: it signs for both, and goes last."""
    aws.faults.hook(
        "CreateAccessKey", "after", lambda: aws.faults.add("GetCallerIdentity", "error-500", times=None)
    )
    with pytest.raises(errors.Error):
        bench.rotate()
    aws.faults.clear()
    del aws.world.keys[KEY_ID]
    report = press(bench)
    assert [(fate.inactive, fate.result) for fate in report.outcomes] == [
        (True, "already deleted"),
        (True, "inactive"),
    ]
    assert set(bench.keys_at_aws().values()) == {"Inactive"}


def test_a_failure_stops_nothing(bench, aws):
    """A user who may not use IAM is reported, with the code of the refusal; the others' keys go all the same."""
    add(bench, "a-robot", ROBOT)
    add(bench, "colleague", COLLEAGUE)
    report = press(bench)
    fates = {fate.entry: fate for fate in report.outcomes}
    assert not fates["a-robot"].inactive
    assert fates["a-robot"].error.code == "AccessDenied"
    assert fates[NAME].inactive
    assert fates["colleague"].inactive


def test_aws_out_of_reach_still_wipes_and_locks(bench, aws):
    """Without AWS the sessions here go and the vault is locked; each key is reported as not inactive."""
    bench.ask("dev")
    aws.faults.add("*", "error-503", times=None)
    report = press(bench)
    assert report.sessions > 0
    assert [fate.inactive for fate in report.outcomes] == [False]
    assert manual_lock.locked_by_hand(bench.context().paths)


def test_iam_that_demands_mfa_costs_one_code_a_user(bench, aws):
    """The codes of the stored seed open IAM where it demands MFA."""
    bench.user.require_mfa_for_iam = True
    bench.rotate()
    aws.calls.clear()
    assert all(fate.inactive for fate in press(bench).outcomes)
    assert len(aws.calls.codes()) == 1


def test_pressed_twice_it_says_so(bench):
    """Keys that AWS takes no more are as they should be."""
    press(bench)
    report = press(bench)
    assert [(fate.inactive, fate.result) for fate in report.outcomes] == [
        (True, "inactive since an earlier panic")
    ]


def test_an_older_copy_of_the_vault_does_not_call_its_dead_key_done(bench, aws, monkeypatch, capfd):
    """A backup from before a rotation: the key that works is another, and nobody here can reach it."""
    aws.world.keys[KEY_ID].status = "Inactive"
    successor = aws.world.add_key(bench.user)
    (fate,) = press(bench).outcomes
    assert (fate.inactive, fate.known) == (False, False)
    assert aws.world.keys[successor.id].status == "Active"
    for name, value in bench.home.with_env({}).items():
        monkeypatch.setenv(name, value)
    assert command.main(["--yes"], prog_name="panic", standalone_mode=False) == 7
    said = capfd.readouterr().err
    assert f"NOT KNOWN to AWS: {KEY_ID} of {NAME}" in said
    assert "a newer key lives" in said


def test_the_policy_ends_the_sessions_given_out_before(bench, aws):
    """It denies all to what was issued up to now; a session outlives its key without it."""
    got = bench.ask(NAME)
    press(bench)
    document = panic.policy(1_700_000_000)
    (statement,) = document["Statement"]
    assert statement["Condition"]["DateLessThan"] == {"aws:TokenIssueTime": "2023-11-14T22:13:21Z"}
    assert (statement["Effect"], statement["Action"]) == ("Deny", "*")
    assert got.expires > bench.clock.time()
    assert SERIAL in aws.world.devices


def test_the_policy_goes_by_awss_clock(bench, aws):
    """On a machine whose clock is slow, the policy ends the sessions of the last minutes too."""
    bench.clock.time = lambda: aws.world.now() - 250
    report = press(bench)
    assert abs(report.at - aws.world.now()) <= 2


def test_a_disk_that_takes_no_lock_stops_nothing(bench):
    """The mark of the lock cannot be written: every key goes inactive all the same, and the report says what is not."""
    opened, state = bench.opened(), bench.context().paths.state
    shutil.rmtree(state)
    with open(state, "w", encoding="utf-8"):
        pass
    report = panic.run(bench.context(), opened, trust=endpoint_trust(bench.context()), tell=bench.told.append)
    assert [fate.inactive for fate in report.outcomes] == [True]
    assert state in report.unlocked.message


def test_the_command_says_that_the_vault_is_not_locked(bench, monkeypatch, capsys):
    """Every key is inactive and the vault is not locked: that is told, the policy is printed, and the exit code is the disk's."""
    for name, value in bench.home.with_env({}).items():
        monkeypatch.setenv(name, value)
    state = bench.context().paths.state

    def gone():
        shutil.rmtree(state)
        with open(state, "w", encoding="utf-8"):
            pass

    bench.aws.faults.hook("UpdateAccessKey", "before", gone)
    code = command.main(["--yes"], prog_name="panic", standalone_mode=False)
    said = capsys.readouterr()
    assert code == errors.UnsafeFile.exit_code
    assert "could NOT be locked" in said.err
    assert "RevokeOlderSessions" in said.out
    assert set(bench.keys_at_aws().values()) == {"Inactive"}


def test_sessions_that_cannot_be_wiped_stop_nothing(bench):
    """One file will not go: it is told, all others go, the keys go inactive and the vault is locked."""
    digests = [bench.ask(profile).digest for profile in ("dev", "prod")]
    folder = bench.context().paths.sessions
    first = next(name for name in os.listdir(folder) if "." not in name)
    os.unlink(f"{folder}/{first}")
    os.mkdir(f"{folder}/{first}")
    report = press(bench)
    assert [bench.cache().get(digest) for digest in digests] == [None, None]
    assert any("all cached sessions" in said for said in bench.told)
    assert [fate.inactive for fate in report.outcomes] == [True]
    assert report.unlocked is None
    assert manual_lock.locked_by_hand(bench.context().paths)


@pytest.mark.usefixtures("awss_own")
def test_keys_that_go_or_stay_meanwhile_are_told_apart(bench, aws):
    """One that was deleted between the look and the call is done; one that AWS would not change now is not."""
    second = aws.world.add_key(bench.user)
    add(bench, "another", (second.id, second.secret))
    aws.faults.add("UpdateAccessKey", "refuse", code="NoSuchEntity", message="gone", status=404)
    aws.faults.add("UpdateAccessKey", "error-503", times=None)
    fates = {fate.result: fate for fate in press(bench).outcomes}
    assert fates.pop("already deleted").inactive
    ((said, left),) = fates.items()
    assert not left.inactive
    assert said == left.error.message


def test_two_entries_of_one_key_are_one_fate(bench):
    """The key goes inactive once, and is told once; a key that AWS refuses to name is told with its reason."""
    bench.edit(lambda p: p.with_entry("again", p.entries[NAME]))
    bench.aws.faults.add(
        "GetCallerIdentity", "refuse", code="SignatureDoesNotMatch", message="as arranged", status=403
    )
    report = press(bench)
    assert [(fate.inactive, fate.error.code) for fate in report.outcomes] == [
        (False, "SignatureDoesNotMatch")
    ]
    assert [fate.inactive for fate in press(bench).outcomes] == [True]
