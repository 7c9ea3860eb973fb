"""The session that a server gives: what it says of itself, and when it comes too late."""

from __future__ import annotations

import pytest

from tests.unit.run.test_credential_server import Source, answer_key, ask
from vault import errors, limits
from vault.run.credential_server import CredentialEndpoint
from vault.run.session_refresh import SessionRefresh
from vault.run.token_file import new_token


@pytest.fixture
def source(desk):
    return Source(desk.ask("dev").chain)


def test_a_session_without_a_role_names_none(desk):
    """The key's own session: its account, and no RoleArn that SDKs would show."""
    source = Source(desk.ask("shared-services").chain)
    made = CredentialEndpoint(SessionRefresh(source.again(), source.again, clock=source), token=new_token())
    made.start()
    status, body = ask(made)
    made.close()
    assert (status, "RoleArn" in body) == (200, False)


def test_a_session_that_comes_too_late_is_not_handed_out(source):
    """AWS's answer is over by this machine's clock: an error that says so, and no expired credentials."""
    refreshing = SessionRefresh(source.again(), source.again, clock=source)
    source.now += 100_000
    source.seconds = -10
    with pytest.raises(errors.Unreachable, match="by this machine's clock"):
        refreshing.current()
    for _ in range(5):  # AWS is not asked again by each client that comes
        with pytest.raises(errors.Unreachable, match="by this machine's clock"):
            refreshing.current()
    assert source.made == 2
    source.seconds = 3600
    source.now += limits.SERVER_RETRY
    assert answer_key(refreshing) == "ASIA3"
