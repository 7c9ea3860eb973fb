"""Who signs IAM's calls: refusals, codes and sessions."""

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


def test_another_refusal_is_not_reported_as_an_unknown_key(bench, aws):
    """AWS knows the key and refuses for another reason: the hint does not say that the key was deactivated."""
    refused(aws, "GetCallerIdentity", "SignatureDoesNotMatch")
    with pytest.raises(errors.Refused) as caught:
        bench.look()
    assert caught.value.code == "SignatureDoesNotMatch"
    assert "deactivated" not in caught.value.hint


def test_a_root_key_is_refused(bench, aws):
    """Only keys of IAM users: the error names the identity, and no key is created."""

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


def test_a_key_that_aws_forgets_costs_no_code(bench, aws):
    """AWS forgets the key between IAM's demand for MFA and the session: the error says that, and no code is sent."""
    bench.user.require_mfa_for_iam = True
    aws.faults.hook(
        "ListAccessKeys", "before", lambda: refused(aws, "GetCallerIdentity", "InvalidClientTokenId")
    )
    with pytest.raises(errors.Refused) as caught:
        bench.look()
    assert caught.value.code == "InvalidClientTokenId"
    assert aws.calls.codes() == []


@pytest.mark.parametrize("thought", [0, 300, 5000])
def test_the_user_may_think_as_long_as_they_like(bench, aws, thought):
    """The rotation's prompt waits for minutes or an hour: what comes after it has its own time for a code."""
    prepared = bench.look()
    aws.world.clock.advance(thought)
    bench.user.require_mfa_for_iam = True
    codes = Codes(bench.context(), bench.keys(bench.context()))
    codes.take(DEVICE)  # so that the next one must be waited for
    rotate.carry_out(bench.context(), bench.opened(), prepared, RotationRequest())
    bench.settled()


def test_a_session_that_ended_during_the_prompt_is_replaced(bench, aws):
    """IAM requires MFA, and the answer comes hours later, when the session has expired."""
    bench.user.require_mfa_for_iam = True
    prepared = bench.look()
    aws.world.clock.advance(5000)
    rotate.carry_out(bench.context(), bench.opened(), prepared, RotationRequest())
    bench.settled()
