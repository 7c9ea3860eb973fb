"""The value of an option that is a time: its form, its bounds, and what is told of another one."""

from __future__ import annotations

import pytest

from vault.cli.time_option import seconds_of
from vault.errors import Usage


@pytest.mark.parametrize(
    ("text", "plain", "found"), [("90m", False, 5400), ("1h30m", True, 5400), ("900", True, 900)]
)
def test_a_time_is_read(text, plain, found):
    """With its units; where the option takes them, as seconds."""
    assert seconds_of("--for", text, most=86_400, plain=plain) == found


@pytest.mark.parametrize(
    ("text", "plain"), [("900", False), ("2d", True), ("9" * 5000, True), ("1\x1b[2J", True), ("", True)]
)
def test_what_is_no_time_is_named_with_its_option(text, plain):
    """Escaped and cut, with the bounds."""
    with pytest.raises(Usage, match="--for must be a time from 60 to 86400 seconds") as caught:
        seconds_of("--for", text, least=60, most=86_400, plain=plain)
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 200
