"""The session token of the environment under either of its names."""

from __future__ import annotations

import pytest

from vault.profiles.credential_variables import session_token_in


@pytest.mark.parametrize(
    ("env", "token"),
    [
        ({}, ""),
        ({"AWS_SESSION_TOKEN": "new"}, "new"),
        ({"AWS_SECURITY_TOKEN": "old"}, "old"),
        ({"AWS_SESSION_TOKEN": "new", "AWS_SECURITY_TOKEN": "old"}, "new"),
        ({"AWS_SESSION_TOKEN": "", "AWS_SECURITY_TOKEN": "old"}, "old"),
    ],
)
def test_session_token(env, token):
    """AWS_SESSION_TOKEN wins; an empty variable counts as unset."""
    assert session_token_in(env) == token
