"""Roles longer than an hour, where no code can be had for them."""

from __future__ import annotations

import pytest

from tests.home import SCENARIO
from tests.unit.conftest import Desk
from vault import errors
from vault.credentials.mfa_code import NoCode

LONG = """
[profile long]
awsvault_role_arn = arn:aws:iam::222222222222:role/LongRole
awsvault_source_profile = shared-services
duration_seconds = 14400
"""


def test_a_long_role_is_served_from_the_cache(desk, home, aws):
    """Its own session is cached: neither a code nor a call is used, and no shorter session is looked for."""
    home.config(SCENARIO + LONG)
    got = desk.ask("long")
    aws.calls.clear()
    assert desk.ask("long").line == got.line
    assert len(aws.calls) == 0


def test_a_long_role_without_any_code_says_why(home, aws):
    """No code is available, neither for the role nor for the MFA session: the first reason is reported, and AWS is not asked."""
    home.config(SCENARIO + LONG)
    home.make_vault(seed=None)
    with pytest.raises(NoCode, match="no seed is stored"):
        Desk(home, aws).ask("long")
    assert len(aws.calls) == 0


def test_a_long_role_is_not_shortened_if_aws_fails(desk, home, aws):
    """One hour is the fallback for a missing code only; a failure of AWS is reported as such."""
    home.config(SCENARIO + LONG)
    aws.faults.add("AssumeRole", "error-503", times=None)
    with pytest.raises(errors.Unreachable, match="ServiceUnavailable"):
        desk.ask("long")
    assert aws.calls.count("GetSessionToken") == 0


def test_a_long_role_waits_for_a_code_once_the_keys_session_is_cached(desk, home, aws):
    """The key's session serves every role, so it comes first; after that, the long role is worth a wait of one step."""
    home.config(SCENARIO + LONG)
    aws.world.clock.freeze(aws.world.now() // 30 * 30 + 5)
    desk.ask("shared-services")
    got = desk.ask("long")
    assert (got.shorter, got.expires - got.issued) == (None, 14_400)
    assert len(aws.calls.codes()) == 2
