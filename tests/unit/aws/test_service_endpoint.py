"""Which URLs a signed request may go to."""

from __future__ import annotations

import pytest

from tests.unit.aws.calls import KEY
from vault import errors
from vault.aws.service_endpoint import ServiceEndpoint
from vault.aws.sts_client import StsClient
from vault.system.clock import Deadline


@pytest.mark.parametrize(
    "url", ["http://sts.example.com", "ftp://127.0.0.1", "http://127.0.0.1@evil.example", "x", ""]
)
def test_a_signed_request_goes_to_https_or_loopback(url):
    """Plain http to another machine, another scheme or a user in the URL is a configuration error."""
    with pytest.raises(errors.ConfigError):
        StsClient(credentials=KEY, endpoint=ServiceEndpoint(url, "us-east-1"), deadline=Deadline.after(1))


def test_plain_http_may_be_allowed_by_host():
    """allow_http lists a host, or a host and its port."""
    for allowed in (["sts.example.com"], ["STS.example.com:8080"]):
        assert ServiceEndpoint("http://sts.example.com:8080", "us-east-1", allowed).checked()
