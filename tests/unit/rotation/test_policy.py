"""The policy that `rotate --print-policy` prints."""

from __future__ import annotations

from vault.rotation.policy import POLICY
from vault.rotation.steps import RotationRequest


def test_the_policy_has_exactly_the_actions_that_are_called(bench, aws):
    """Those of a rotation, its undo and its finish."""
    bench.rotate()
    bench.rotate(RotationRequest(undo=True))
    bench.rotate(RotationRequest(delete_now=True))
    allowed = set(POLICY["Statement"][0]["Action"])
    assert {f"iam:{call.action}" for call in aws.calls if call.service == "iam"} == allowed
