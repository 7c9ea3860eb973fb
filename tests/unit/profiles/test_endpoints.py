"""STS's endpoints: AWS's 39 cases of configured URLs, and every region compared with botocore's rules."""

import itertools
import json
import os
import re
from contextlib import suppress
from urllib.parse import urlsplit

import botocore.client
import botocore.exceptions
import botocore.loaders
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.endpoint_provider import EndpointProvider

from tests.data import path_of
from tests.unit.profiles.files import chain_of
from vault import errors
from vault.profiles.aws_files import Origin, Setting, merge
from vault.profiles.endpoints import (
    PARTITIONS,
    Rules,
    configured_url,
    oidc_address,
    partition_of,
    partition_of_arn,
    portal_address,
    real_region,
    rules,
    sts_endpoint,
)
from vault.profiles.ini_parser import parse

with open(path_of("botocore/endpoint-url-tests.json"), encoding="utf-8") as found:
    SUITE = json.load(found)["testSuites"][0]

LOADER = botocore.loaders.Loader()
PROVIDER = EndpointProvider(
    LOADER.load_service_model("sts", "endpoint-rule-set-1"), LOADER.load_data("partitions")
)


def regions():
    """Every name of a region or pseudo-region that botocore knows, for any service in any partition."""
    for partition in LOADER.load_data("partitions")["partitions"]:
        yield from partition["regions"]
    for partition in LOADER.load_data("endpoints")["partitions"]:
        yield from partition["regions"]
        for service in partition["services"].values():
            yield from service["endpoints"]


REGIONS = sorted(set(regions()))
# botocore, like awsvault-py, refuses a name with a dot before it looks for an endpoint.
NAMES = [region for region in REGIONS if "." not in region]


def config_of(text):
    return merge(parse(text, path="config", kind="config"), parse("", path="credentials", kind="credentials"))


def suite_file():
    """The suite's profiles and services as a config file, with sts instead of s3."""
    lines = []
    for name, keys in SUITE["profiles"].items():
        lines.append(f"[profile {name}]")
        lines += [f"{key} = {value}" for key, value in keys.items()]
    for name, services in SUITE["services"].items():
        lines.append(f"[services {name}]")
        for service, keys in services.items():
            lines.append(f"{'sts' if service == 's3' else service} =")
            lines += [f"  {key} = {value}" for key, value in keys.items()]
    return config_of("\n".join(lines))


@pytest.mark.parametrize("case", SUITE["endpointUrlTests"], ids=lambda case: case["name"][:80])
def test_configured_url(case):
    """AWS's own 39 cases: which URL wins, with STS instead of S3."""
    config = suite_file()
    env = {
        name.replace("_S3", "_STS"): value
        for name, value in SUITE["environments"][case["environment"]].items()
    }
    service = {"s3": "sts"}.get(case["service"], case["service"])
    explicit = SUITE["client_configs"][case["client_config"]]
    if explicit.get("endpoint_url"):
        # If the caller passes a URL there is nothing to look up: our callers have no such argument.
        assert explicit["endpoint_url"] == case["output"]["endpointUrl"]
        return
    if explicit.get("ignore_configured_endpoint_urls"):
        env = {**env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    found = configured_url(config, config.profile(case["profile"]).get, env=env, service=service)
    expected = case["output"]["endpointUrl"]
    if ".fake-region-10.amazonaws.com" in expected:
        assert found is None
    else:
        assert found.value == expected


def test_services_section_has_its_line():
    """A URL from a services section has its own line, not the service's."""
    config = config_of(
        "[profile a]\nservices = s\n[services s]\nsts =\n\n  # local\n  endpoint_url = http://localhost:1\n"
    )
    found = configured_url(config, config.profile("a").get, env={}, service="sts")
    assert (found.value, str(found.origin)) == ("http://localhost:1", "config:7")


def test_services_section_without_a_url():
    """Its block may have other settings of the service; the profile's own URL then counts."""
    for block in (
        "sts =\n  retries = 3\n",
        "sts =\n  endpoint_url =\n",
        "iam =\n  endpoint_url = http://x\n",
    ):
        config = config_of(
            f"[profile a]\nservices = s\nendpoint_url = http://localhost:2\n[services s]\n{block}"
        )
        found = configured_url(config, config.profile("a").get, env={}, service="sts")
        assert (found.value, str(found.origin)) == ("http://localhost:2", "config:3")


def test_missing_services_section_is_an_error():
    """As in botocore, with the line that names the section."""
    config = config_of("[profile a]\nservices = gone\n")
    with pytest.raises(errors.ConfigError, match=r"config:2: there is no \[services gone\]"):
        rules(config, config.profile("a").get, env={})


def by_botocore(service, region, **more):
    """The URL that a botocore client calls, and the region of its signature."""
    asked = []

    def send(request, **_):
        asked.append(request)
        return AWSResponse(request.url, 200, {}, None)

    session = botocore.session.get_session()
    session.set_credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    client = session.create_client(
        service, region_name=region, config=Config(retries={"total_max_attempts": 1})
    )
    client.meta.events.register("before-send", send)
    with suppress(Exception):  # an answer without a body
        getattr(client, {"sts": "get_caller_identity", "sso": "get_role_credentials"}[service])(**more)
    parts = urlsplit(asked[0].url)
    signed = re.search(r"Credential=[^/]*/[0-9]*/([^/]*)/", str(asked[0].headers.get("Authorization", "")))
    return f"{parts.scheme}://{parts.netloc}", signed and signed[1]


def by_rules(region, *, fips, dualstack, legacy=None, provider=PROVIDER):
    """The same by botocore's rules alone, which a client applies after it removed fips from a pseudo-region."""
    name, config = botocore.client.ClientCreator._normalize_fips_region(None, region, None)
    fips = fips or config is not None
    old = {} if legacy is None else {"UseGlobalEndpoint": legacy and not fips and not dualstack}
    found = provider.resolve_endpoint(Region=name, UseFIPS=fips, UseDualStack=dualstack, **old)
    schemes = found.properties.get("authSchemes") or [{}]
    scope = "us-east-1" if name == "aws-global" else name  # of the endpoint data
    return found.url, schemes[0].get("signingRegion", scope)


@pytest.mark.parametrize(("fips", "dualstack", "legacy"), [*itertools.product((False, True), repeat=3)])
def test_hosts_are_those_of_botocore(fips, dualstack, legacy, caplog):
    """For each region or pseudo-region, with FIPS, dual stack or the global endpoint."""
    caplog.set_level("ERROR")  # it warns of each name with fips
    assert len(NAMES) > 300
    for region in NAMES:
        found = sts_endpoint(region, origin=None, by=Rules(None, legacy, fips, dualstack))
        theirs = by_rules(region, fips=fips, dualstack=dualstack, legacy=legacy)
        assert (found.address, found.region) == theirs, region


@pytest.mark.parametrize(("service", "address"), [("sso", portal_address), ("sso-oidc", oidc_address)])
def test_identity_center_is_where_botocore_has_it(service, address, caplog):
    """For each name, with FIPS and dual stack. GovCloud's plain hosts are its FIPS hosts; its dual-stack hosts are not."""
    caplog.set_level("ERROR")
    provider = EndpointProvider(
        LOADER.load_service_model(service, "endpoint-rule-set-1"), LOADER.load_data("partitions")
    )
    for region, fips, dualstack in itertools.product(NAMES, (False, True), (False, True)):
        theirs, _ = by_rules(region, fips=fips, dualstack=dualstack, provider=provider)
        assert address(region, url=None, by=Rules(None, False, fips, dualstack)) == theirs, region


ODD = [
    "aws-global", "aws-cn-global", "fips-us-east-1", "us-gov-west-1-fips", "fips-aws-global", "us-isob-east-1-fips",
]  # fmt: skip


@pytest.mark.parametrize("region", ODD)
def test_botocores_client_calls_the_same(region):
    """For pseudo-regions: STS, and Identity Center's portal."""
    by = Rules(None, legacy=False, fips=False, dualstack=False)
    found = sts_endpoint(region, origin=None, by=by)
    assert (found.address, found.region) == by_botocore("sts", region)
    more = {"roleName": "R", "accountId": "222222222222", "accessToken": "t"}
    assert portal_address(region, url=None, by=by) == by_botocore("sso", region, **more)[0]


def test_configured_url_is_signed_for_a_real_region():
    """botocore signs for aws-global there, which AWS refuses."""
    url = Setting("endpoint_url", "https://vpce-1.sts.us-east-1.vpce.amazonaws.com", Origin("config", 2))
    found = sts_endpoint("aws-global", origin=None, by=Rules(url, legacy=False, fips=False, dualstack=False))
    assert (found.address, found.region) == (url.value, "us-east-1")


@pytest.mark.parametrize("region", [region for region in REGIONS if "." in region])
def test_a_name_with_a_dot_is_no_region(region):
    """It would be another host. An error with the line, as in botocore."""
    with pytest.raises(botocore.exceptions.InvalidRegionError):
        by_botocore("sts", region)
    with pytest.raises(errors.ConfigError, match=r"config:2: region .* is not a valid region name"):
        chain_of("a", f"[profile a]\nregion = {region}\n", entries=("a",))


def test_partitions_are_those_of_botocore():
    """Every name belongs to the partition that botocore assigns."""
    for partition in LOADER.load_data("partitions")["partitions"]:
        for region in partition["regions"]:
            assert partition_of(region).name == partition["id"]
            for name in (f"fips-{region}", f"{region}-fips"):
                assert partition_of(name).name == partition["id"]
        assert partition["id"] in {known.name for known in PARTITIONS}
        default = partition["outputs"]["implicitGlobalRegion"]
        assert real_region(f"{partition['id']}-global") == real_region(f"fips-{default}") == default


def test_partition_of_an_arn():
    """A role's ARN names its partition; anything else counts as the partition aws."""
    assert partition_of_arn("arn:aws-cn:iam::111111111111:role/R").region == "cn-northwest-1"
    assert partition_of_arn("arn:aws-us-gov:iam::111111111111:role/R").name == "aws-us-gov"
    assert partition_of_arn("role").name == "aws"


@pytest.mark.parametrize(("value", "legacy"), [("regional", False), ("legacy", True), ("Legacy", True)])
def test_legacy_setting(value, legacy):
    """sts_regional_endpoints of the profile, and the variable, which wins."""
    config = config_of(f"[profile a]\nsts_regional_endpoints = {value}\n")
    assert rules(config, config.profile("a").get, env={}).legacy is legacy
    assert not rules(config, config.profile("a").get, env={"AWS_STS_REGIONAL_ENDPOINTS": "regional"}).legacy


def test_invalid_legacy_setting_is_an_error():
    """With its line, as in botocore."""
    config = config_of("[profile a]\nsts_regional_endpoints = global\n")
    with pytest.raises(errors.ConfigError, match="config:2"):
        rules(config, config.profile("a").get, env={})


def test_cases_are_there():
    """Otherwise the tests above would test nothing."""
    assert len(SUITE["endpointUrlTests"]) == 39
    assert os.path.exists(path_of("README.md"))
