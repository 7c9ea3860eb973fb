"""The emergency: every key is deactivated, whatever fails, and nothing usable is left on this machine."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.fakes.example import KEY_ID, SERIAL
from tests.home import endpoint_trust
from tests.signins import sign_in
from tests.unit.benches import NAME
from tests.vaults import entry
from vault import errors
from vault.aws.service_endpoint import ServiceEndpoint
from vault.cli.panic import command
from vault.keys import panic
from vault.secret import Secret
from vault.signin import sealed
from vault.signin.sealed import SignIns
from vault.store import vault
from vault.unlocking import manual_lock

COLLEAGUE = ("AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY")
ROBOT = ("AKIAROBOTROBOEXAMPLE", "robotXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def run_panic(bench):
    bench.told.clear()
    return panic.run(
        bench.context(), bench.opened(), trust=endpoint_trust(bench.context()), tell=bench.told.append
    )


def add(bench, name, key):
    bench.edit(lambda p: p.with_entry(name, entry(key[0], secret=Secret(key[1]))))


def test_every_key_is_deactivated(bench, aws):
    """Keys of several users, and both keys of a rotation: all inactive, in one run."""
    bench.rotate()
    add(bench, "colleague", COLLEAGUE)
    report = run_panic(bench)
    assert all(fate.inactive for fate in report.outcomes)
    assert {key.status for key in aws.world.keys_of(bench.user)} == {"Inactive"}
    assert aws.world.keys[COLLEAGUE[0]].status == "Inactive"
    assert len(report.users) == 2


def test_the_key_that_signs_goes_last(bench, aws):
    """Two keys of one user in two entries: each is deactivated, the signing one last."""
    second = aws.world.add_key(bench.user)
    add(bench, "another", (second.id, second.secret))
    run_panic(bench)
    order = [(c.parameters["AccessKeyId"], c.access_key_id) for c in aws.calls.of("UpdateAccessKey")]
    assert {key for key, _ in order} == {KEY_ID, second.id}
    assert order[-1][0] == order[-1][1]
    assert set(bench.keys_at_aws().values()) == {"Inactive"}


def test_a_mistake_in_awss_files_stops_nothing(bench, home):
    """They cannot be read: AWS's standard endpoints are used, and every key is deactivated."""
    home.config("[profile dev\nno = section\n")
    report = run_panic(bench)
    assert all(fate.inactive for fate in report.outcomes)
    assert set(bench.keys_at_aws().values()) == {"Inactive"}
    assert any("config" in said and "standard endpoints" in said for said in bench.told)


@pytest.mark.usefixtures("awss_own")
def test_a_deleted_key_is_no_failure(bench, aws):
    """The entry's key was deleted at AWS, and the new key of a rotation works: it signs for both, and goes last."""
    aws.faults.hook(
        "CreateAccessKey", "after", lambda: aws.faults.add("GetCallerIdentity", "error-500", times=None)
    )
    with pytest.raises(errors.Error):
        bench.rotate()
    aws.faults.clear()
    del aws.world.keys[KEY_ID]
    report = run_panic(bench)
    assert [(fate.inactive, fate.result) for fate in report.outcomes] == [
        (True, "already deleted"),
        (True, "inactive"),
    ]
    assert set(bench.keys_at_aws().values()) == {"Inactive"}


def test_a_failure_stops_nothing(bench, aws):
    """A user who may not use IAM is reported, with the code of the refusal; the other users' keys are deactivated."""
    add(bench, "a-robot", ROBOT)
    add(bench, "colleague", COLLEAGUE)
    report = run_panic(bench)
    fates = {fate.entry: fate for fate in report.outcomes}
    assert not fates["a-robot"].inactive
    assert fates["a-robot"].error.code == "AccessDenied"
    assert fates[NAME].inactive
    assert fates["colleague"].inactive


def test_without_aws_sessions_are_deleted_and_the_vault_is_locked(bench, aws):
    """Each key is reported as not inactive."""
    bench.ask("dev")
    aws.faults.add("*", "error-503", times=None)
    report = run_panic(bench)
    assert report.sessions > 0
    assert [fate.inactive for fate in report.outcomes] == [False]
    assert manual_lock.manually_locked(bench.context().paths)


def test_iam_that_requires_mfa_costs_one_code_a_user(bench, aws):
    """The stored seed gives the code."""
    bench.user.require_mfa_for_iam = True
    bench.rotate()
    aws.calls.clear()
    assert all(fate.inactive for fate in run_panic(bench).outcomes)
    assert len(aws.calls.codes()) == 1


def test_a_second_panic_says_that_the_first_did_it(bench):
    """Keys that AWS no longer accepts are as they should be."""
    run_panic(bench)
    report = run_panic(bench)
    assert [(fate.inactive, fate.result) for fate in report.outcomes] == [
        (True, "inactive since an earlier panic")
    ]


def test_an_older_copy_of_the_vault_does_not_report_success(bench, aws, monkeypatch, capfd):
    """A backup from before a rotation: the working key is another one, and this copy does not have it."""
    aws.world.keys[KEY_ID].status = "Inactive"
    successor = aws.world.add_key(bench.user)
    (fate,) = run_panic(bench).outcomes
    assert (fate.inactive, fate.known) == (False, False)
    assert aws.world.keys[successor.id].status == "Active"
    for name, value in bench.home.with_env({}).items():
        monkeypatch.setenv(name, value)
    assert command.main(["--yes"], prog_name="panic", standalone_mode=False) == 7
    said = capfd.readouterr().err
    assert f"NOT KNOWN to AWS: {KEY_ID} of {NAME}" in said
    assert "may have a newer key" in said


def test_the_policy_ends_earlier_sessions(bench, aws):
    """It denies everything to sessions issued up to now; without it a session outlives its key."""
    got = bench.ask(NAME)
    run_panic(bench)
    document = panic.policy(1_700_000_000)
    (statement,) = document["Statement"]
    assert statement["Condition"]["DateLessThan"] == {"aws:TokenIssueTime": "2023-11-14T22:13:21Z"}
    assert (statement["Effect"], statement["Action"]) == ("Deny", "*")
    assert got.expires > bench.clock.time()
    assert SERIAL in aws.world.devices


def test_the_policy_uses_awss_clock(bench, aws):
    """On a machine whose clock is slow, the policy ends the sessions of the last minutes too."""
    bench.clock.time = lambda: aws.world.now() - 250
    report = run_panic(bench)
    assert abs(report.at - aws.world.now()) <= 2


def test_a_vault_that_cannot_be_locked_stops_nothing(bench):
    """The mark of the lock cannot be written: every key is deactivated, and the report says what failed."""
    opened, state = bench.opened(), bench.context().paths.state
    shutil.rmtree(state)
    with open(state, "w", encoding="utf-8"):
        pass
    report = panic.run(bench.context(), opened, trust=endpoint_trust(bench.context()), tell=bench.told.append)
    assert [fate.inactive for fate in report.outcomes] == [True]
    assert state in report.unlocked.message


def test_a_session_that_cannot_be_deleted_stops_nothing(bench):
    """One file stays: that is reported, all others are deleted, the keys are deactivated and the vault is locked."""
    digests = [bench.ask(profile).digest for profile in ("dev", "prod")]
    folder = bench.context().paths.sessions
    first = next(name for name in os.listdir(folder) if "." not in name)
    os.unlink(f"{folder}/{first}")
    os.mkdir(f"{folder}/{first}")
    report = run_panic(bench)
    assert [bench.cache().get(digest) for digest in digests] == [None, None]
    assert any("all cached sessions" in said for said in bench.told)
    assert [fate.inactive for fate in report.outcomes] == [True]
    assert report.unlocked is None
    assert manual_lock.manually_locked(bench.context().paths)


def test_every_sign_in_is_deleted(bench):
    """Those that no key of this vault opens, too."""
    context = bench.context()
    for key in (vault.new_key(), vault.new_key()):
        with SignIns.open(context.paths, key=key, vault_id=bytes(16), create=True) as sign_ins:
            sign_ins.write(sign_in())
    assert run_panic(bench).sign_ins == 2
    assert not sealed.any_file(context.paths)


def test_a_sign_in_that_cannot_be_deleted_stops_nothing(bench):
    """The report says so, and the keys are inactive all the same."""
    os.symlink("elsewhere", os.path.join(bench.context().paths.vault_folder, "signins"))
    report = run_panic(bench)
    assert report.sign_ins == 0
    assert all(fate.inactive for fate in report.outcomes)
    assert any("could not delete all sign-ins" in line for line in bench.told)


@pytest.mark.usefixtures("awss_own")
def test_deleted_keys_and_failures_are_told_apart(bench, aws):
    """A key deleted between the look and the call is done; one that AWS would not change now is not."""
    second = aws.world.add_key(bench.user)
    add(bench, "another", (second.id, second.secret))
    aws.faults.add("UpdateAccessKey", "refuse", code="NoSuchEntity", message="gone", status=404)
    aws.faults.add("UpdateAccessKey", "error-503", times=None)
    fates = {fate.result: fate for fate in run_panic(bench).outcomes}
    assert fates.pop("already deleted").inactive
    ((said, left),) = fates.items()
    assert not left.inactive
    assert said == left.error.message


def test_two_entries_with_one_key_are_one_outcome(bench):
    """The key is deactivated once, and reported once; a key that AWS refuses to identify is reported with the reason."""
    bench.edit(lambda p: p.with_entry("again", p.entries[NAME]))
    bench.aws.faults.add(
        "GetCallerIdentity", "refuse", code="SignatureDoesNotMatch", message="as arranged", status=403
    )
    report = run_panic(bench)
    assert [(fate.inactive, fate.error.code) for fate in report.outcomes] == [
        (False, "SignatureDoesNotMatch")
    ]
    assert [fate.inactive for fate in run_panic(bench).outcomes] == [True]


@pytest.mark.parametrize("own", [True, False])
def test_a_key_that_a_sync_took_away_and_aws_does_not_know_was_replaced(bench, monkeypatch, own):
    """If AWS itself says so. It is not recorded as this machine's doing: as an entry of an older copy, it is reported."""
    lost = ("AKIAI55QH8DHBEXAMPLE", entry("AKIAI55QH8DHBEXAMPLE"))
    if own:
        monkeypatch.setattr(ServiceEndpoint, "foreign_host", lambda _: None)
    trust = endpoint_trust(bench.context())
    report = panic.run(bench.context(), bench.opened(), former=[("gone", lost[1])], trust=trust, tell=print)
    fates = {fate.key_id: fate for fate in report.outcomes}
    assert fates[KEY_ID].inactive
    assert (fates[lost[0]].inactive, fates[lost[0]].known) == (own, False)
    bench.edit(lambda p: p.with_entry("gone", lost[1]))
    (fate,) = [fate for fate in run_panic(bench).outcomes if fate.key_id == lost[0]]
    assert (fate.inactive, fate.known) == (False, False)
