"""RoleSessionName where the profile sets none: user and host, as CloudTrail shows them, and always one that STS takes."""

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.example import role
from tests.home import SCENARIO
from vault.credentials.session_name import session_name

VALID = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)  # STS's service model
HOSTILE = [
    "",
    " ",
    "a b",
    "rm -rf;$(id)",
    "é\u202e",
    "\ud800",
    "x" * 500,
    "a@b",
    "\n[default]",
    "domain\\user",
]


@given(st.text(min_size=1), st.text(min_size=1))
def test_any_user_on_any_host_is_a_name_that_sts_takes(user, host):
    """Whatever USER and the host are called; neither is ever empty."""
    assert VALID.fullmatch(session_name(user, host))


def test_both_are_seen():
    """As they are, where they fit; of two long ones half of each."""
    assert session_name("alice", "laptop.example") == "alice@laptop.example"
    assert session_name("a" * 100, "h" * 100) == "a" * 32 + "@" + "h" * 31
    assert session_name("al", "h" * 100) == "al@" + "h" * 61
    assert session_name("a" * 100, "h") == "a" * 62 + "@h"


@pytest.mark.parametrize("user", [name for name in HOSTILE if "\ud800" not in name])
def test_the_stand_in_takes_it_from_any_user(home, aws, user):
    """By the installed command: AWS is sent user and host, and AssumeRole is not refused for it."""
    home.scenario()
    home.make_vault()
    assert home.export("dev", USER=user, LOGNAME=None)["AccountId"] == "222222222222"
    name = aws.calls.of("AssumeRole")[0].parameters["RoleSessionName"]
    host = os.uname().nodename
    assert name == session_name(user or f"uid{os.getuid()}", host)
    assert name.endswith("@" + host[:31]) or len(host) > 31


def test_the_profiles_own_name_wins(home, aws):
    """role_session_name is sent as it stands."""
    home.make_vault()
    home.config(
        SCENARIO
        + f"[profile x]\nrole_arn = {role('OpenRole')}\nsource_profile = shared-services\nrole_session_name = mine\n"
    )
    home.export("x")
    assert aws.calls.of("AssumeRole")[0].parameters["RoleSessionName"] == "mine"
