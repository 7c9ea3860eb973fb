"""The errors that end a run: which key is in use, and how to continue."""

from __future__ import annotations

import pytest

from tests.vaults import entry
from vault import errors
from vault.rotation import stops

KEY = "AKIAIOSFODNN7EXAMPLE"


def test_aws_failed_before_the_new_key_took_over():
    """A refusal keeps its hint, and one for lack of rights names the policy."""
    refused = stops.stopped(errors.Refused("no", code="Other", hint="look"), entry(KEY), started=True)
    assert (refused.exit_code, refused.message, refused.hint) == (
        11,
        f"no; the key {KEY} is still in use",
        "look",
    )
    denied = stops.stopped(errors.Refused("no", code="AccessDenied", hint="look"), entry(KEY), started=True)
    assert "--print-policy" in denied.hint
    for started, hint in ((True, errors.RotationStopped.hint), (False, "look")):
        assert stops.stopped(errors.Unreachable("no", hint="look"), entry(KEY), started=started).hint == hint


def test_step_failed_after_the_new_key_took_over():
    """The error stays what it is."""
    error = stops.in_use(errors.Damaged("no", hint="look"), entry(KEY), "my key")
    assert isinstance(error, errors.Damaged)
    assert f"{KEY} is in use, but a later step failed: no" in str(error)
    assert error.hint == "to continue, run: awsvault-py rotate 'my key'"


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (errors.Unreachable("no", hint="look"), "to continue, run: awsvault-py rotate dev"),
        (errors.Refused("no", hint="look"), "look; to continue, run: awsvault-py rotate dev"),
    ],
)
def test_sync_failed_before_the_new_key_took_over(error, hint):
    """What is in the way comes first, except where waiting is all there is to do."""
    stopped = stops.not_shared(error, entry(KEY), "dev")
    assert (stopped.exit_code, stopped.hint) == (11, hint)
    assert f"could not be told of the rotation: no; the key {KEY} is still in use" in stopped.message
