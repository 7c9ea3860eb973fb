"""The parts of an endpoint's URL."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.http import target
from vault.http.target import parse_target


@pytest.mark.parametrize(
    "url",
    ["http://[::1", "http://host:port/", "http://host:70000/", "ftp://host", "http://", "http://a@host", "http://host/?q", "x"],
)  # fmt: skip
def test_invalid_urls(url):
    """None, so that the caller can name the setting."""
    assert parse_target(url) is None


URL_TEXTS = st.one_of(
    st.from_regex(r"\A(http|https|HTTP)://[a-zA-Z0-9.:@_-]{0,20}(/[a-zA-Z0-9/._;%?#-]{0,10})?\Z"),
    st.text(),
)


@given(URL_TEXTS)
def test_usual_form_is_read_as_urllib_reads_it(url):
    """The short way to a URL's parts may not see another host than the long one."""
    short = target.plain_target(url)
    if short is not None:
        parts = urlsplit(url)
        assert short == (parts.scheme, parts.hostname, parts.port, parts.path or "/")
        assert not (parts.query or parts.fragment or "@" in parts.netloc)


def test_usual_form_needs_no_urllib():
    """Of the endpoints that users have."""
    for url in ("https://sts.us-east-1.amazonaws.com", "http://127.0.0.1:4566/", "http://localhost:4566/a/b"):
        assert target.plain_target(url) is not None
