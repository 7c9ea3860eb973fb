"""The parts of an endpoint's URL."""

from __future__ import annotations

import pytest

from vault.aws.target import parse_target


@pytest.mark.parametrize(
    "url",
    ["http://[::1", "http://host:port/", "http://host:70000/", "ftp://host", "http://", "http://a@host", "http://host/?q", "x"],
)  # fmt: skip
def test_invalid_urls(url):
    """None, so that the caller can name the setting."""
    assert parse_target(url) is None
