"""A key, its age and its last use in words."""

from __future__ import annotations

import pytest

from vault.aws.iam import AccessKey, Use
from vault.rotation.key_text import ago, describe, span

OWN = "AKIAIOSFODNN7EXAMPLE"
NOW = 1_700_000_000


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 minutes"), (59, "0 minutes"), (60, "1 minute"), (7199, "119 minutes"), (7200, "2 hours"),
        (172_799, "47 hours"), (172_800, "2 days"),
    ],
)  # fmt: skip
def test_a_span_is_in_its_largest_unit(seconds, said):
    """From two of a unit on; a clock that is behind makes no negative span."""
    assert span(seconds) == said


@pytest.mark.parametrize(("seconds", "said"), [(-5, "just now"), (59, "just now"), (60, "1 minute ago")])
def test_a_use_within_the_last_minute_is_just_now(seconds, said):
    """Not "0 minutes ago"."""
    assert ago(seconds) == said


def test_a_last_use_that_aws_does_not_tell_is_not_never():
    """Never used, unknown, and a use with its service are told apart."""
    key = AccessKey(OWN, active=False, created=NOW - 7200, asked=True)
    assert describe(key, now=NOW) == f"{OWN}: inactive, 2 hours old, never used"
    assert describe(key._replace(created=NOW), now=NOW) == f"{OWN}: inactive, created just now, never used"
    assert describe(key._replace(asked=False), now=NOW, own=OWN).startswith(f"{OWN} (in the vault)")
    assert "never" not in describe(key._replace(asked=False), now=NOW)
    assert "just now for s3" in describe(key._replace(used=Use(NOW, "s3", "us-east-1")), now=NOW)
