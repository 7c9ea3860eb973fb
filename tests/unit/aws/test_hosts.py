"""AWS's own hosts: every name in botocore's endpoint rules, and none that a customer can have."""

from __future__ import annotations

import itertools

import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import BotoCoreError

from vault.aws import console, hosts, iam
from vault.http.target import parse_target
from vault.profiles.endpoints import PARTITIONS

LOADER = botocore.session.get_session().get_component("data_loader")
WORLD = LOADER.load_data("partitions")
REGIONS = [(partition["id"], region) for partition in WORLD["partitions"] for region in partition["regions"]]


def botocores(service):
    """Each URL that botocore's rules have for the service, with its partition."""
    rules = EndpointProvider(LOADER.load_service_model(service, "endpoint-rule-set-1"), WORLD)
    for (partition, region), fips, dual in itertools.product(REGIONS, (False, True), (False, True)):
        try:
            found = rules.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual)
        except BotoCoreError:
            continue  # this partition has no such form
        yield partition, found.url


@pytest.mark.parametrize("service", hosts.SERVICES)
def test_every_host_of_the_endpoint_rules(service):
    """Each service in each region, with FIPS and dual stack; in its own partition and for its own service only."""
    seen = set(botocores(service))
    assert len(seen) >= 20
    for partition, url in seen:
        assert hosts.is_aws_host(url, service=service, partition=partition), url
        for other in hosts.SERVICES:
            assert other == service or not hosts.is_aws_host(url, service=other, partition=partition), url
        foreign = "aws-cn" if partition != "aws-cn" else "aws"
        assert not hosts.is_aws_host(url, service=service, partition=foreign), url


@pytest.mark.parametrize("partition", [each.name for each in PARTITIONS])
def test_default_hosts_are_awss_own(partition):
    """What login and rotate call if nothing is configured."""
    region = next(each.region for each in PARTITIONS if each.name == partition)
    federation = console.federation_url(partition, region=region, configured=None)
    assert hosts.is_aws_host(federation, service="signin", partition=partition)
    assert hosts.is_aws_host(iam.endpoint(partition).url, service="iam", partition=partition)


@pytest.mark.parametrize(
    ("service", "host"),
    [
        ("sts", "sts.amazonaws.com"),
        ("sts", "STS.us-east-1.amazonaws.com"),
        ("sts", "sts.us-east-1.amazonaws.com:443"),
        ("sts", "vpce-0123456789abcdef0-ab12cd34.sts.us-east-1.vpce.amazonaws.com"),
        ("sts", "vpce-0123456789abcdef0-ab12cd34-us-east-1a.sts.us-east-1.vpce.amazonaws.com"),
        ("iam", "vpce-0123456789abcdef0-ab12cd34.iam.us-east-1.vpce.amazonaws.com"),
        ("signin", "vpce-0123456789abcdef0-ab12cd34.signin.us-east-1.vpce.amazonaws.com"),
        ("signin", "us-east-2.signin.aws.amazon.com"),
    ],
)
def test_forms_of_awss_hosts(service, host):
    """The old global host, VPC endpoints with and without a zone, upper case, the port of https."""
    assert hosts.is_aws_host(f"https://{host}/federation", service=service, partition="aws")


@pytest.mark.parametrize(
    ("service", "url"),
    [
        ("sts", "https://sts.s3.amazonaws.com"),  # a bucket named sts
        ("sts", "https://sts.s3.us-east-1.amazonaws.com"),
        ("sts", "https://sts.s3-us-west-2.amazonaws.com"),
        ("sts", "https://sts-1234567890.us-east-1.elb.amazonaws.com"),
        ("sts", "https://sts.us-east-1.elb.amazonaws.com"),
        ("sts", "https://abc.execute-api.us-east-1.amazonaws.com"),
        ("sts", "https://vpce-0123456789abcdef0-ab12cd34.vpce-svc-0123456789abcdef0.us-east-1.vpce.amazonaws.com"),
        ("sts", "https://vpce-0123456789abcdef0-ab12cd34.execute-api.us-east-1.vpce.amazonaws.com"),
        ("sts", "https://evil.vpce-1.sts.us-east-1.vpce.amazonaws.com"),
        ("sts", "https://sts.us-east-1.vpce.amazonaws.com"),
        ("sts", "https://sts.us-east-1.amazonaws.com.evil.example"),
        ("sts", "https://evil.example/sts.us-east-1.amazonaws.com"),
        ("sts", "https://sts.us-east-1.amazonaws.com@evil.example"),
        ("sts", "https://sts.us-east-1.amazonaws.com.cn"),
        ("sts", "https://sts.cn-north-1.amazonaws.com"),
        ("sts", "https://sts.us-gov-west-1.amazonaws.com"),  # another partition's
        ("sts", "https://sts..amazonaws.com"),
        ("sts", "https://sts.us-east-1.amazonaws.com:8443"),
        ("sts", "http://sts.us-east-1.amazonaws.com"),
        ("sts", "https://sts.us-east-1.amazonaws.com."),
        ("sts", "https://xsts.us-east-1.amazonaws.com"),
        ("signin", "https://corp.signin.aws.amazon.com"),  # an account's alias
        ("signin", "https://signin.aws.amazon.com.evil.example"),
        ("iam", "https://iam.us-east-1.amazonaws.com.evil.example"),
        ("sso", "https://sso.us-east-1.amazonaws.com"),
        ("sts", "https://127.0.0.1"),
        ("sts", "https://localhost"),
        ("sts", "sts.us-east-1.amazonaws.com"),
        ("sts", ""),
    ],
)  # fmt: skip
def test_hosts_that_others_can_have(service, url):
    """Customers' names under AWS's domains, look-alikes, other ports, plain http, this machine."""
    assert not hosts.is_aws_host(url, service=service, partition="aws")


@pytest.mark.parametrize(
    ("url", "names", "is_named"),
    [
        ("https://a.example", ["a.example"], True),
        ("https://a.example:8443", ["a.example"], True),
        ("https://a.example:8443", ["A.example:8443"], True),
        ("https://a.example", ["a.example:443"], True),
        ("http://a.example", ["a.example:80"], True),
        ("https://a.example:8443", ["a.example:443"], False),
        ("https://b.a.example", ["a.example"], False),
        ("http://[::1]:8080", ["[::1]:8080"], True),
        ("http://[::1]:8080", ["[::1]"], True),
        ("http://[::1]:8080", ["::1"], True),
        ("http://127.0.0.1:1", [], False),
    ],
)
def test_list_of_hosts_with_and_without_port(url, names, is_named):
    """``host`` means every port of it."""
    to = parse_target(url)
    assert to is not None
    assert hosts.is_listed(to, names) is is_named
