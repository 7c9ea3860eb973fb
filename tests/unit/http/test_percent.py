"""Percent-encoding gives what urllib.parse gives."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from hypothesis import given
from hypothesis import strategies as st

from vault.http import percent

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS)
def test_path_as_urllib_has_it(text):
    """A signature covers the path as AWS reads it."""
    assert percent.quote(text, safe="/~") == quote(text, safe="/~")


@given(st.lists(st.tuples(TEXTS, TEXTS)))
def test_form_as_urllib_has_it(pairs):
    """A body that AWS takes apart as it was put together."""
    assert percent.form(pairs) == urlencode(pairs)
