"""A printed page: no line is too wide, and what is broken can be typed again."""

from __future__ import annotations

import pytest

from vault import limits
from vault.upkeep import paper

LONG = "arn:aws:iam::111111111111:mfa/division/research-and-development/europe/team-of-the-north/yourself@example.com"


def joined(lines):
    return "".join(line.strip() for line in lines)


@pytest.mark.parametrize(
    "text", [LONG, LONG * 5, "x" * 300, "/" * 300, "\u8a9e" * 100, "short", "a" * 79 + "/" + "b" * 10]
)
def test_a_value_fits_the_page_and_is_whole(text):
    """Its lines, put together without blanks, are the value."""
    lines = paper.value("    MFA device", text)
    assert all(paper.columns(line) <= limits.PAPER_COLUMNS for line in lines)
    assert joined(lines) == joined(["    MFA device" + (" " if len(lines) == 1 else "") + text])


def test_an_arn_is_broken_behind_a_part():
    """A reader types one part to its end, then the next line."""
    label, *pieces = paper.value("    MFA device", LONG)
    assert label == "    MFA device"
    assert pieces == [
        "        arn:aws:iam::111111111111:mfa/division/research-and-development/europe/",
        "        team-of-the-north/yourself@example.com",
    ]


def test_what_fits_stays_on_one_line():
    """To the last column."""
    room = limits.PAPER_COLUMNS - len("  user ")
    assert paper.value("  user", "u" * room) == ["  user " + "u" * room]
    assert len(paper.value("  user", "u" * (room + 1))) == 2


def test_words_are_kept_whole():
    """A command in a step is not broken inside a word."""
    lines = paper.paragraph("1. " + "word " * 60, hang=3)
    assert all(len(line) <= limits.PAPER_COLUMNS for line in lines)
    assert {word for line in lines for word in line.split()} == {"1.", "word"}
    assert all(line.startswith("   ") for line in lines[1:])
