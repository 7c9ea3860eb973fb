"""Who signs IAM's calls: which refusals are passed on, and keys that are no user's."""

from __future__ import annotations

import pytest

from tests.fakes.example import KEY_ID, SHARED
from tests.fakes.model import User
from tests.unit.benches import NAME, refused
from vault import errors
from vault.credentials.mfa_code import Codes, MfaDevice
from vault.rotation import rotate
from vault.rotation.steps import RotationRequest

DEVICE = MfaDevice(serial="arn:aws:iam::111111111111:mfa/yourself", process=None, profile=NAME)


def test_a_refusal_of_the_look_is_passed_on(bench, aws):
    """A key that AWS knows and refuses for another reason is not said to be unknown."""
    refused(aws, "GetCallerIdentity", "SignatureDoesNotMatch")
    with pytest.raises(errors.Refused) as caught:
        bench.look()
    assert caught.value.code == "SignatureDoesNotMatch"
    assert "deactivated" not in caught.value.hint


def test_a_key_of_the_accounts_root_is_not_rotated(bench, aws):
    """Only users' keys are: it says whose key it is, and makes nothing."""

    class Root(User):
        arn = f"arn:aws:iam::{SHARED}:root"

    aws.world.users[Root.arn] = Root(name="root", account=SHARED, user_id=SHARED)
    aws.world.keys[KEY_ID].user = Root.arn
    with pytest.raises(errors.Usage, match="111111111111:root"):
        bench.look()


def test_a_session_that_iam_refuses_costs_no_second_code(bench, aws):
    """AccessDenied to a session with MFA is AWS's answer: no other code is spent on it."""
    bench.user.require_mfa_for_iam = True
    bench.user.denied = {"iam:CreateAccessKey"}
    with pytest.raises(errors.RotationStopped, match="AccessDenied"):
        bench.rotate()
    assert len(aws.calls.codes()) == 1
    assert bench.keys_at_aws() == {KEY_ID: "Active"}


def test_a_key_that_goes_before_its_code_costs_none(bench, aws):
    """AWS forgets the key between IAM's demand for MFA and the session: told as that, and no code is sent."""
    bench.user.require_mfa_for_iam = True
    aws.faults.hook(
        "ListAccessKeys", "before", lambda: refused(aws, "GetCallerIdentity", "InvalidClientTokenId")
    )
    with pytest.raises(errors.Refused) as caught:
        bench.look()
    assert caught.value.code == "InvalidClientTokenId"
    assert aws.calls.codes() == []


@pytest.mark.parametrize("thought", [0, 300, 5000])
def test_a_person_may_think_as_long_as_they_like(bench, aws, thought):
    """The question of a rotation stands for minutes or an hour: what comes after the yes has its own time for a code."""
    prepared = bench.look()
    aws.world.clock.advance(thought)
    bench.user.require_mfa_for_iam = True
    codes = Codes(bench.context(), bench.keys(bench.context()))
    codes.take(DEVICE)  # so that the next one must be waited for
    rotate.carry_out(bench.context(), bench.opened(), prepared, RotationRequest())
    bench.settled()


def test_a_session_that_ended_while_a_person_thought_is_replaced(bench, aws):
    """IAM demands MFA, and the yes comes hours later, when the session that looked is over."""
    bench.user.require_mfa_for_iam = True
    prepared = bench.look()
    aws.world.clock.advance(5000)
    rotate.carry_out(bench.context(), bench.opened(), prepared, RotationRequest())
    bench.settled()
