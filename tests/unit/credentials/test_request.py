"""Requests: whether the answer may be remembered for the profile, and the command that makes the same one again."""

from __future__ import annotations

import pytest

from vault.credentials.request import Refetch, Request

POLICY = object()


@pytest.mark.parametrize(
    ("changed", "plain"),
    [
        ({}, True),
        ({"ask": True}, True),
        ({"agreed": True}, True),
        ({"mfa_code": "123456"}, True),
        ({"region": "eu-west-1"}, True),
        ({"refetch": Refetch(all=True)}, True),
        ({"duration": 900}, False),
        ({"session": False}, False),
        ({"write": True}, False),
        ({"federates": True}, False),
        ({"policy": POLICY}, False),
        ({"source": "shared-services"}, False),
    ],
)
def test_whether_the_profile_alone_decides(changed, plain):
    """What changes the session itself is not kept as the profile's answer; how it was got, and for what, is no matter."""
    assert Request("dev", **changed).plain is plain


def test_the_same_request_again():
    """With its options, quoted for a shell; none, and the words stay as they are."""
    assert Request("dev").repeated("awsvault-py export dev") == "awsvault-py export dev"
    more = Request("dev", options=("--duration", "1h", "--policy", "a b.json"))
    assert more.repeated("awsvault-py login dev") == "awsvault-py login dev --duration 1h --policy 'a b.json'"


def test_an_option_is_not_said_twice():
    """Where the words have --write already; another that only begins like it stays."""
    more = Request("dev", options=("--write", "--no-session"))
    assert more.repeated("exec --write dev") == "exec --write dev --no-session"
    assert more.repeated("exec --writes dev") == "exec --writes dev --write --no-session"


def test_a_hostile_option_stays_a_word():
    """Neither the shell nor the terminal takes it for more."""
    said = Request("dev", options=("--policy", "x; rm -rf ~\x1b[2J")).repeated("export dev")
    assert "\x1b" not in said
    assert said.startswith("export dev --policy 'x; rm -rf ~")
