"""Fields of credentials from a provider: each is checked, and an error names the field and never its value."""

from __future__ import annotations

import pytest

from tests.unit.aws.provider_context import GOOD
from vault import errors, limits
from vault.aws import fetched
from vault.aws.credentials import Credentials, Session
from vault.secret import Secret

NOW = 1_700_000_000
ENDS = 32_472_144_000  # 2999-01-01T00:00:00Z


def check(**changes):
    fields = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    return fetched.check_fields(fields, what="it", now=NOW)


def test_what_is_whole_is_taken():
    """With the secrets as such, the times in Unix seconds and the account."""
    found = check()
    assert (found.expiration, found.account_id, found.issued) == (ENDS, "222222222222", NOW)
    assert found.credentials.access_key_id == GOOD["AccessKeyId"]
    assert found.credentials.secret.reveal_text() == GOOD["SecretAccessKey"]
    assert found.credentials.token.reveal_text() == GOOD["SessionToken"]


@pytest.mark.parametrize("missing", [..., None, ""])
def test_a_key_that_does_not_expire(missing):
    """Has neither a token nor an expiry."""
    found = check(SessionToken=missing, Expiration=missing)
    assert (found.credentials.token, found.expiration) == (None, None)


@pytest.mark.parametrize("name", ["AccessKeyId", "SecretAccessKey"])
@pytest.mark.parametrize("value", [..., None, "", 7, "a b", "a\nb", "ключ", "a" * 5000])
def test_a_field_that_can_be_no_part_of_a_key(name, value):
    """It is named; what it holds is not told."""
    with pytest.raises(errors.ConfigError) as caught:
        check(**{name: value})
    assert caught.value.message == f"it: no valid {name}"


def test_the_longest_that_is_taken():
    """One character more is refused."""
    longest = "k" * limits.MAX_SECRET_KEY
    assert check(SecretAccessKey=longest).credentials.secret.reveal_text() == longest
    with pytest.raises(errors.ConfigError):
        check(SecretAccessKey=longest + "k")


def test_an_expiry_in_the_past():
    """Of this very second too: no SDK takes it."""
    for ends in ("2023-11-14T22:13:20Z", "2001-01-01T00:00:00Z"):
        with pytest.raises(errors.ConfigError, match="already expired"):
            check(Expiration=ends)
    assert check(Expiration="2023-11-14T22:13:21Z").expiration == NOW + 1


@pytest.mark.parametrize("value", ["soon", "2999-01-01T00:00:00", "2999-13-01T00:00:00Z"])
def test_an_expiry_that_is_no_time(value):
    """Without a zone it may be any of 24."""
    with pytest.raises(errors.ConfigError, match="it: Expiration is not a time with a time zone"):
        check(Expiration=value)


@pytest.mark.parametrize("account", [..., None, "", 222222222222, "22222222222", "2" * 13, "22222222222x"])
def test_an_account_that_is_none_is_left_out(account):
    """It is not needed to sign, so it refuses nothing."""
    assert check(AccountId=account).account_id is None


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b'"text"', b"{", b"[" * 100_000])
def test_what_is_no_object(raw):
    """Other JSON, other bytes, and what no parser can go down to."""
    with pytest.raises(errors.ConfigError, match=r"^it: not a JSON object$"):
        fetched.json_object(raw, what="it")
    assert fetched.json_object(b'{"a": 1}', what="it") == {"a": 1}


def test_a_session_of_sts_keeps_all_it_has():
    """What STS gave was checked before."""
    credentials = Credentials("ASIAIOSFODNN7EXAMPLE", Secret("s"), Secret("t"))
    found = fetched.of_session(Session(credentials, ENDS, "222222222222", NOW))
    assert found == (credentials, ENDS, "222222222222", NOW)
