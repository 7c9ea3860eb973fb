"""Where STS and IAM are for a profile: region and URL by the order of AWS's tools, whether the profile exists or not."""

from __future__ import annotations

import pytest

from tests.unit.doctor.homes import Sound
from vault import errors
from vault.keys.service_endpoints import chosen_region, iam_endpoint, sts_endpoint
from vault.profiles import aws_files

CONFIG = """\
[profile dev]
region = EU-west-1
ca_bundle = /etc/company.pem
services = local

[profile bare]

[profile odd]
region = eu west

[profile empty]
region =

[services local]
sts =
  endpoint_url = http://127.0.0.1:4566
iam =
  endpoint_url = http://127.0.0.1:4567
"""


@pytest.fixture
def home(tmp_path):
    made = Sound(tmp_path / "home")
    made.config(CONFIG)
    return made


def context(home, **env):
    home.env |= env
    return home.context()


def region(home, profile, **env):
    found = context(home, **env)
    return chosen_region(found, aws_files.load(found.env, home=found.paths.home).profile(profile))


@pytest.mark.parametrize(
    ("profile", "env", "found"),
    [
        ("dev", {}, "eu-west-1"),
        ("dev", {"AWS_DEFAULT_REGION": "us-east-2"}, "us-east-2"),
        ("dev", {"AWS_DEFAULT_REGION": "us-east-2", "AWS_REGION": "ap-south-1"}, "ap-south-1"),
        ("bare", {}, None),
        ("empty", {}, None),
        ("nobody", {}, None),
        ("nobody", {"AWS_REGION": "ap-south-1"}, "ap-south-1"),
        ("odd", {"AWS_REGION": "ap-south-1"}, "ap-south-1"),
    ],
)
def test_the_region(home, profile, env, found):
    """The variables before the profile, in lower case; a value that does not count is not checked."""
    assert region(home, profile, **env) == found


@pytest.mark.parametrize(("env", "place"), [({}, "config:9"), ({"AWS_REGION": "-"}, "AWS_REGION")])
def test_what_is_no_region_is_an_error_with_its_place(home, env, place):
    """It would become a part of a host name."""
    with pytest.raises(errors.ConfigError, match=f"{place}: region"):
        region(home, "odd", **env)


def test_sts_without_a_profile_is_that_of_the_first_region(home):
    """A key can be added before any profile exists."""
    found = sts_endpoint(context(home), "nobody")
    assert (found.url, found.region) == ("https://sts.us-east-1.amazonaws.com", "us-east-1")
    assert (found.place, found.ca_bundle) == ("", None)


def test_sts_of_a_profile(home):
    """Its URL with its place, its region, and its CA bundle."""
    found = sts_endpoint(context(home), "dev")
    assert (found.url, found.region, found.service) == ("http://127.0.0.1:4566", "eu-west-1", "sts")
    assert found.place.endswith("config:16")
    assert found.ca_bundle.value == "/etc/company.pem"


def test_iam_of_a_profile_and_of_a_partition(home):
    """The profile's URL for IAM, or the one host of the partition."""
    found = iam_endpoint(context(home), "dev", "aws")
    assert (found.url, found.service) == ("http://127.0.0.1:4567", "iam")
    assert found.place.endswith("config:18")
    assert found.ca_bundle.value == "/etc/company.pem"
    china = iam_endpoint(context(home), "bare", "aws-cn")
    assert (china.url, china.region, china.place) == (
        "https://iam.cn-north-1.amazonaws.com.cn",
        "cn-north-1",
        "",
    )


@pytest.mark.parametrize("service", ["sts", "iam"])
def test_a_url_of_the_environment_comes_first(home, service):
    """The service's own variable before the one for all; the place is its name."""
    variables = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        f"AWS_ENDPOINT_URL_{service.upper()}": "http://127.0.0.1:2",
    }
    found = context(home, **variables)
    endpoint = sts_endpoint(found, "dev") if service == "sts" else iam_endpoint(found, "dev", "aws")
    assert (endpoint.url, endpoint.place) == ("http://127.0.0.1:2", f"AWS_ENDPOINT_URL_{service.upper()}")


def test_the_hosts_that_the_user_allows_go_along(home):
    """To both services."""
    home.settings('allow_http = ["sts.example"]\n', trusted=("iam.example",))
    found = context(home)
    for endpoint in (sts_endpoint(found, "dev"), iam_endpoint(found, "dev", "aws")):
        assert (tuple(endpoint.allow_http), tuple(endpoint.trusted_hosts)) == (
            ("sts.example",),
            ("iam.example",),
        )
