"""A key that AWS refuses is an error; that AWS cannot be reached is part of the answer."""

from __future__ import annotations

import pytest

from tests.fakes.example import KEY_ID, SECRET, SHARED
from vault import errors
from vault.aws import sts
from vault.aws.credentials import Credentials
from vault.keys.verify import verify
from vault.secret import Secret


def test_a_key_that_aws_does_not_know(desk):
    """Refused with AWS's code, and the name in the message."""
    with pytest.raises(errors.Refused) as caught:
        verify(desk.context(), Credentials("AKIAGONEGONEGEXAMPLE", Secret(SECRET)), name="ci")
    assert caught.value.code == "InvalidClientTokenId"
    assert "ci" in caught.value.message


def test_aws_that_cannot_be_reached(desk, monkeypatch):
    """No identity, and the reason."""

    def unreachable(*_args, **_more):
        raise errors.Unreachable("no route")

    monkeypatch.setattr(sts, "get_caller_identity", unreachable)
    assert verify(desk.context(), Credentials(KEY_ID, Secret(SECRET)), name="ci") == (None, "no route")


def test_a_key_that_works(desk):
    """Its identity, also for a name without a profile."""
    found = verify(desk.context(), Credentials(KEY_ID, Secret(SECRET)), name="no such profile")
    assert (found.identity.account, found.identity.user, found.unreachable) == (SHARED, "yourself", None)
