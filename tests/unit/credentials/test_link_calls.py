"""One link's call: what is said where the clock is wrong."""

from __future__ import annotations

import pytest

from tests.fakes.example import role
from tests.unit.conftest import Desk
from vault import errors

OPEN = f"""
[profile shared-services]
region = us-east-1

[profile open]
region = us-west-2
awsvault_role_arn = {role("OpenRole")}
awsvault_source_profile = shared-services
"""


def test_a_session_that_is_expired_on_arrival_names_the_clock(desk, aws):
    """SDKs report an expired answer as their own failure: the error names the clock instead."""
    late = [0]
    desk.clock.time = lambda: aws.world.now() + sum(late)
    aws.faults.hook("AssumeRole", "after", lambda: late.append(7200))
    with pytest.raises(
        errors.Unreachable,
        match="expired by this machine's clock",
    ) as caught:
        desk.ask("dev")
    assert caught.value.message.startswith("profile dev: AWS returned")
    assert "set the clock" in caught.value.hint


def test_a_clock_far_behind_is_named_without_a_code(home, aws):
    """A session from the future may be one with a forged age: it is not issued, and the error says why."""
    home.config(OPEN)
    home.make_vault(seed=None, serial=None)
    desk = Desk(home, aws)
    desk.clock.time = lambda: aws.world.now() - 400
    with pytest.raises(errors.Unreachable, match=r"issued (400|399) s from now by this"):
        desk.ask("open")


def test_only_a_denial_without_a_reason_gets_the_possible_causes(desk, aws):
    """Another refusal of the same call keeps its own hint."""
    causes = "its trust policy does not allow"
    aws.faults.add(
        "AssumeRole",
        "refuse",
        code="AccessDenied",
        message="User is not authorized to perform: sts:AssumeRole",
        status=403,
        times=1,
    )
    with pytest.raises(errors.Refused) as caught:
        desk.ask("dev")
    assert causes in caught.value.hint
    aws.world.clock.advance(60)  # the refusal is remembered for a moment
    aws.faults.add(
        "AssumeRole", "refuse", code="PackedPolicyTooLarge", message="too large", status=400, times=1
    )
    with pytest.raises(errors.Refused) as caught:
        desk.ask("dev")
    assert causes not in caught.value.hint
