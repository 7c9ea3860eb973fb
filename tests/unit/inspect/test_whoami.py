"""Whose credentials these are: half a pair is an error, and a hint leads to where the keys are."""

from __future__ import annotations

import pytest

from tests.fakes.example import DEV, KEY_ID, SECRET, SHARED
from vault import errors
from vault.credentials.request import Request
from vault.inspect import whoami

PAIR = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}


@pytest.mark.parametrize("name", PAIR)
def test_half_a_pair_is_refused(desk, name):
    """Exit 2, both variables named, no value shown."""
    with pytest.raises(errors.Usage) as caught:
        whoami.of_environment(desk.context(**{**PAIR, name: ""}))
    for word in PAIR:
        assert word in caught.value.message
    assert SECRET not in caught.value.message


def test_without_keys_and_outside_a_server_there_is_nobody(desk):
    """Then the profile is asked about. A profile that is selected inside counts before the server."""
    inside = {"AWSVAULT_PROFILE": "dev", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/x"}
    assert whoami.of_environment(desk.context()) is None
    assert whoami.of_server(desk.context()) is None
    assert whoami.of_server(desk.context(AWSVAULT_PROFILE="dev")) is None
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        assert whoami.of_server(desk.context(**inside, **{name: "prod"})) is None


@pytest.mark.parametrize(
    ("env", "word"), [({}, "AWS_SECRET_ACCESS_KEY"), ({"AWSVAULT_PROFILE": "my dev"}, "my dev")]
)
def test_keys_that_aws_refuses(desk, env, word):
    """The hint names the variables; inside an exec, the command that starts another."""
    with pytest.raises(errors.Refused) as caught:
        whoami.of_environment(desk.context(**{**PAIR, "AWS_SECRET_ACCESS_KEY": SECRET[::-1]}, **env))
    assert caught.value.code == "SignatureDoesNotMatch"
    assert word in caught.value.hint


def test_keys_of_the_environment(desk):
    """A key without a token does not expire, whatever the variable says."""
    who = whoami.of_environment(desk.context(**PAIR, AWS_CREDENTIAL_EXPIRATION="2030-01-01T00:00:00Z"))
    assert (who.identity.account, who.profile, who.expires) == (SHARED, None, None)


def test_a_profile(desk):
    """The role's account, the profile, and when its session expires."""
    who = whoami.of_profile(desk.context(), Request("dev"))
    assert (who.identity.account, who.profile) == (DEV, "dev")
    assert who.expires > desk.clock.time()
