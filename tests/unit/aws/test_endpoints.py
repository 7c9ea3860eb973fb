"""Where STS is: AWS's 39 cases of configured URLs, and every region against botocore's own rules."""

import itertools
import json
import os

import botocore.loaders
import pytest
from botocore.endpoint_provider import EndpointProvider

from tests.data import path_of
from vault import errors
from vault.aws.endpoints import (
    PARTITIONS,
    Rules,
    configured_url,
    partition_of,
    partition_of_arn,
    rules,
    sts_endpoint,
)
from vault.aws.ini import parse
from vault.aws.profiles import merge

with open(path_of("botocore/endpoint-url-tests.json"), encoding="utf-8") as found:
    SUITE = json.load(found)["testSuites"][0]

LOADER = botocore.loaders.Loader()
REGIONS = [
    region
    for partition in LOADER.load_data("partitions")["partitions"]
    for region in partition["regions"]
    if not region.endswith("global")
]


def config_of(text):
    return merge(parse(text, path="config", kind="config"), parse("", path="credentials", kind="credentials"))


def suite_file():
    """The suite's profiles and services as a config file, with s3 read as sts."""
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
    """AWS's own 39 cases: which URL wins, read for STS where they say S3."""
    config = suite_file()
    env = {
        name.replace("_S3", "_STS"): value
        for name, value in SUITE["environments"][case["environment"]].items()
    }
    service = {"s3": "sts"}.get(case["service"], case["service"])
    explicit = SUITE["client_configs"][case["client_config"]]
    if explicit.get("endpoint_url"):
        # Where a caller gives a URL there is nothing to look up: our callers have no such argument.
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
    """A URL from a services section is shown with the line it stands on, which is not that of the service."""
    config = config_of(
        "[profile a]\nservices = s\n[services s]\nsts =\n\n  # local\n  endpoint_url = http://localhost:1\n"
    )
    found = configured_url(config, config.profile("a").get, env={}, service="sts")
    assert (found.value, str(found.origin)) == ("http://localhost:1", "config:7")


def test_a_services_section_without_an_address_leaves_the_profiles_own():
    """Its block may hold other settings of the service; an empty address is none."""
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
    """As in botocore, a services section that is not there is refused, with the line that names it."""
    config = config_of("[profile a]\nservices = gone\n")
    with pytest.raises(errors.ConfigError, match=r"config:2: there is no \[services gone\]"):
        rules(config, config.profile("a").get, env={})


@pytest.mark.parametrize("region", REGIONS)
def test_hosts_are_those_of_botocore(region):
    """In every region of every partition, with FIPS, dual stack or the old single address, the host is botocore's."""
    provider = EndpointProvider(
        LOADER.load_service_model("sts", "endpoint-rule-set-1"), LOADER.load_data("partitions")
    )
    for fips, dualstack, legacy in itertools.product((False, True), repeat=3):
        ours = sts_endpoint(region, origin=None, by=Rules(None, legacy, fips, dualstack))
        theirs = provider.resolve_endpoint(
            Region=region, UseFIPS=fips, UseDualStack=dualstack, UseGlobalEndpoint=legacy
        )
        if legacy and (fips or dualstack):
            continue  # botocore's client never sets both
        assert ours.address == theirs.url
        schemes = theirs.properties.get("authSchemes") or [{}]
        assert ours.region == schemes[0].get("signingRegion", region)


def test_partitions_are_those_of_botocore():
    """Every region belongs to the partition that botocore puts it in."""
    for partition in LOADER.load_data("partitions")["partitions"]:
        for region in partition["regions"]:
            if region != "aws-global" and not region.endswith("-global"):
                assert partition_of(region).name == partition["id"]
        assert partition["id"] in {known.name for known in PARTITIONS}


def test_partition_of_an_arn():
    """A role's ARN names its partition; what is no ARN counts as the commercial one."""
    assert partition_of_arn("arn:aws-cn:iam::111111111111:role/R").region == "cn-northwest-1"
    assert partition_of_arn("arn:aws-us-gov:iam::111111111111:role/R").name == "aws-us-gov"
    assert partition_of_arn("role").name == "aws"


@pytest.mark.parametrize(("value", "legacy"), [("regional", False), ("legacy", True), ("Legacy", True)])
def test_legacy_setting(value, legacy):
    """sts_regional_endpoints of the profile, which the variable outranks."""
    config = config_of(f"[profile a]\nsts_regional_endpoints = {value}\n")
    assert rules(config, config.profile("a").get, env={}).legacy is legacy
    assert not rules(config, config.profile("a").get, env={"AWS_STS_REGIONAL_ENDPOINTS": "regional"}).legacy


def test_legacy_setting_of_another_kind_is_an_error():
    """A value that is neither regional nor legacy is refused with its line, as botocore refuses it."""
    config = config_of("[profile a]\nsts_regional_endpoints = global\n")
    with pytest.raises(errors.ConfigError, match="config:2"):
        rules(config, config.profile("a").get, env={})


def test_data_is_where_it_should_be():
    """The cases are there at all."""
    assert len(SUITE["endpointUrlTests"]) == 39
    assert os.path.exists(path_of("README.md"))
