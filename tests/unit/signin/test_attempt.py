"""The last attempt to sign in as JSON: what is read is what was written, and anything else counts as none."""

from __future__ import annotations

import pytest

from vault import errors
from vault.signin import attempt
from vault.signin.attempt import SignInAttempt
from vault.signin.flows import Unconfirmed
from vault.store.strict_json import JsonError

FAILURES = [
    (errors.Declined("said", hint="do"), errors.Declined),
    (Unconfirmed("said", hint="do"), errors.Refused),
    (errors.Unreachable("said", hint="do"), errors.Unreachable),
    (errors.StorageError("said", hint="do"), errors.ConfigError),
    (errors.Internal("said", hint="do"), errors.Refused),
]


@pytest.mark.parametrize(("failure", "kind"), FAILURES)
def test_a_failure_keeps_its_exit_code_and_its_words(failure, kind):
    """Of classes below, the one that all know."""
    found = attempt.decode(attempt.encode(SignInAttempt("client", answered=True, failure=failure)))
    assert (found.client_id, found.answered) == ("client", True)
    assert (type(found.failure), found.failure.message, found.failure.hint) == (kind, "said", "do")


def test_an_attempt_that_has_not_ended():
    found = SignInAttempt("client")
    assert attempt.decode(attempt.encode(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"answered":1,"client":"c","hint":"","kind":"","message":""}',
        '{"answered":true,"client":"c","hint":"","kind":"SystemExit","message":""}',
        '{"answered":true,"client":"c","hint":"","kind":"","message":"","more":1}',
    ],
)
def test_another_form_is_refused(text):
    with pytest.raises(JsonError):
        attempt.decode(text.encode())
