"""The value of an option that is a time: its form, its bounds, and what is told of another one."""

from __future__ import annotations

import pytest

from vault.cli.time_option import seconds_of
from vault.errors import Usage


@pytest.mark.parametrize(("text", "found"), [("90m", 5400), ("1h30m", 5400), ("900", 900)])
def test_a_time_is_read(text, found):
    """With its units, or in seconds."""
    assert seconds_of("--for", text, most=86_400) == found


@pytest.mark.parametrize("text", ["59", "2d", "9" * 5000, "1\x1b[2J", ""])
def test_what_is_no_time_is_named_with_its_option(text):
    """Escaped and cut, with the bounds."""
    with pytest.raises(Usage, match="--for must be a time from 60 to 86400 seconds") as caught:
        seconds_of("--for", text, least=60, most=86_400)
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 200
