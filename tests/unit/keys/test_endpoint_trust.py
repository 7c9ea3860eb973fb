"""Who may answer about keys: a host that is neither AWS's own nor trusted gets no question."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from vault import errors
from vault.aws.service_endpoint import ServiceEndpoint
from vault.keys.endpoint_trust import EndpointTrust

FOREIGN = ServiceEndpoint("https://sts.example.com", "us-east-1", place="config:3")
OWN = ServiceEndpoint("https://sts.us-east-1.amazonaws.com", "us-east-1")


def trust(*listed, **more):
    told = []
    run = SimpleNamespace(settings=SimpleNamespace(trusted_hosts=listed))
    return EndpointTrust(run, tell=told.append, **more), told


@pytest.mark.parametrize("listed", [(), ("example.com",), ("sts.example.org",)])
def test_a_foreign_host_is_refused(listed):
    """Place and host are named, the hint has the option for one run, and a trust that the endpoint brings along is not enough."""
    rules, told = trust(*listed)
    with pytest.raises(errors.Untrusted) as caught:
        rules.check(FOREIGN._replace(trusted_hosts=("sts.example.com",)))
    assert "config:3" in caught.value.message
    assert "sts.example.com" in caught.value.message
    assert "--trust-endpoint" in caught.value.hint
    assert not told


@pytest.mark.parametrize(
    ("listed", "more", "why"),
    [(("sts.example.com",), {}, "trusted_hosts"), ((), {"trust_all": True}, "--trust-endpoint")],
)
def test_a_trusted_host_is_named_once(listed, more, why):
    """With the reason; a second host is named too."""
    rules, told = trust(*listed, **more)
    for _ in range(2):
        assert rules.check(FOREIGN).trusted("x").host == "sts.example.com"
    (note,) = told
    assert "sts.example.com" in note
    assert why in note
    if more:
        rules.check(FOREIGN._replace(url="https://iam.example.com"))
        assert len(told) == 2


def test_awss_own_host_is_not_named():
    """Neither a note nor a mark."""
    rules, told = trust(trust_all=True)
    assert rules.check(OWN) == OWN
    assert not told
