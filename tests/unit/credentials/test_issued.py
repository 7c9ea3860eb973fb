"""What is issued for a shorter time than was asked for says so."""

from __future__ import annotations

import json
import sys
import time

import pytest

from tests.fakes.example import KEY_ID, SECRET, role
from tests.home import SCENARIO
from tests.unit.credentials.test_mfa_code import HOUR, LONG
from vault.credentials import cached
from vault.credentials.planned import load
from vault.credentials.request import Refetch
from vault.unlocking.keys import CodeWait

SHORT = """
[profile short]
awsvault_role_arn = arn:aws:iam::222222222222:role/LongRole
awsvault_source_profile = shared-services
mfa_serial = arn:aws:iam::111111111111:mfa/yourself
"""


def test_what_was_given_short_is_known_as_that(desk, aws, home):
    """status tells of it for the profile that wanted more, and not of one that has simply not been asked for."""
    home.config(SCENARIO + SHORT + LONG)
    start = aws.world.now() // 30 * 30 + 5
    aws.world.clock.freeze(start)
    desk.ask("short")

    def told():
        context = desk.context()
        return [
            one.profile
            for one in cached.shortened(context, desk.keys(context), load(context).config, cache=desk.cache())
        ]

    assert told() == []
    desk.keys(desk.context()).take_code(
        "arn:aws:iam::111111111111:mfa/yourself", CodeWait(desk.context().deadline, 50)
    )
    aws.world.clock.freeze(start)
    got = desk.ask("long")
    assert got.shorter is not None
    assert (got.shorter.wanted, got.shorter.lasts) == (4 * HOUR, HOUR)
    assert told() == ["long"]
    assert desk.ask("long").line == got.line  # not tried again at each export


@pytest.mark.parametrize(
    ("text", "seconds", "why"),
    [
        ((f"[profile h]\nrole_arn = {role('Hop1')}\nsource_profile = shared-services\n"
         f"[profile x]\nrole_arn = {role('Hop2')}\nsource_profile = h\n"), HOUR, "assumed by a role"),
        (f"[profile x]\nrole_arn = {role('OpenRole')}\nsource_profile = shared-services\nawsvault_max_duration = 30m\n", 1800, "awsvault_max_duration"),
        ("[profile x]\nawsvault_credential = shared-services\nawsvault_max_duration = 30m\n", 1800, "awsvault_max_duration"),
    ],
)  # fmt: skip
def test_a_duration_that_is_not_had_is_told(desk, home, text, seconds, why):
    """What the command line asked for, what it got, and what held it back."""
    home.config(SCENARIO + text)
    got = desk.ask("x", duration=4 * HOUR)
    assert got.expires - got.issued == seconds
    assert (got.shorter.wanted, got.shorter.lasts) == (4 * HOUR, seconds)
    assert why in got.shorter.why
    assert desk.ask("x", refetch=Refetch(last=True)).shorter is None  # nobody asked for more


def test_a_source_that_gives_a_shorter_time_is_told(desk, home):
    """Its credentials are given out as they are, and nothing can make them last longer."""
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(desk.clock.time() + HOUR))
    printed = {
        "Version": 1,
        "AccessKeyId": KEY_ID,
        "SecretAccessKey": SECRET,
        "SessionToken": "t",
        "Expiration": ends,
    }
    with open(f"{home.root}/gives.py", "w", encoding="utf-8") as file:
        file.write(f"print({json.dumps(printed)!r})")
    home.config(f"[profile x]\ncredential_process = {sys.executable} {home.root}/gives.py\n")
    got = desk.ask("x", duration=4 * HOUR)
    assert got.shorter.wanted == 4 * HOUR
    assert HOUR - 60 < got.shorter.lasts <= HOUR
    assert got.shorter.why == "its source allows no more"
    assert desk.ask("x").shorter is None
    assert desk.ask("x", duration=HOUR).shorter is None
