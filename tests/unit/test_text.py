"""Text from outside cannot harm a terminal, and names that are alike."""

from hypothesis import given
from hypothesis import strategies as st

from vault.text import ascii_safe, nearest, safe


@given(st.text())
def test_shown_text_holds_no_control_or_bidi_character(text):
    """Whatever comes from outside, no control, bidi or invisible character reaches a terminal."""
    shown = safe(text)
    assert len(text) > 400 or len(shown) >= len(text)
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in shown)
    assert not set(shown) & set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200e\u200f\ufeff\u2028"
    )
    assert all(" " <= c <= "~" for c in ascii_safe(text))


def test_text_is_cut():
    """A megabyte of profile name is shown as its beginning."""
    assert safe("a" * 1000, limit=10) == "a" * 9 + "…"
    assert ascii_safe("a" * 1000, limit=10) == "a" * 7 + "..."
    assert ascii_safe("ü\U0001f600") == "\\xfc\\U0001f600"


def test_nearest_name():
    """A slip of the fingers finds its name, something else finds none."""
    assert nearest("prdo", ["dev", "prod"]) == "prod"
    assert nearest("PROD", ["dev", "prod"]) == "prod"
    assert nearest("zzz", ["dev", "prod"]) is None
