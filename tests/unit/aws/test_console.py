"""The console's sign-in: only a session signs in, and only AWS's answer opens a page."""

from __future__ import annotations

import pytest

from tests.unit.aws.calls import KEY, SESSION, at
from tests.unit.aws.recorder import Recorder
from vault import errors
from vault.aws import console


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        ("503 Busy", b"", errors.Unreachable, "me: 127.0.0.1:[0-9]+ answered 503, but not as AWS does"),
        ("400 Bad", b"", errors.Refused, r"me: AWS refused the sign-in to the console \(400\)"),
        ("403 No", b"<html>no</html>", errors.Unreachable, "answered 403, but not as AWS does: a web page"),
        ("200 OK", b"<html>", errors.Unreachable, "not as AWS does: a web page"),
        ("200 OK", b"[]", errors.Unreachable, "not as AWS does"),
        ("200 OK", b"{}", errors.Unreachable, "not as AWS does"),
        ("200 OK", b'{"SigninToken": "two words"}', errors.Unreachable, "not as AWS does"),
        ("200 OK", b'{"SigninToken": 7}', errors.Unreachable, "not as AWS does"),
    ],
)
def test_sign_in_without_a_token_opens_no_page(status, body, kind, said):
    """A failing AWS, a refusal and an answer from another server differ; no part of the answer is used."""
    with Recorder(statuses=[status], bodies=[body]) as server, pytest.raises(kind, match=said):
        console.signin_token(SESSION, subject="me", **at(server))


def test_long_lived_key_never_signs_in():
    """Only a session may sign in: the page then ends with the session."""
    with Recorder() as server:
        with pytest.raises(errors.Internal):
            console.signin_token(KEY, subject="me", **at(server))
        assert server.asked == []
