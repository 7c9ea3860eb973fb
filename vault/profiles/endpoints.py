"""The STS endpoint of a link: region, partition, host, configured URL. Pure; the rules are AWS's (docs/resolution.md)."""

from __future__ import annotations

from vault import errors
from vault.profiles.aws_files import Config, Origin, Setting
from vault.profiles.ini import subproperties
from vault.records import NamedTuple
from vault.text import safe, suggestion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Regions that `sts_regional_endpoints = legacy` sends to the global endpoint: they existed before regional endpoints.
_LEGACY = frozenset(
    [
        "ap-northeast-1",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "aws-global",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    ]
)
_GLOBAL = "aws-global"  # the pseudo-region of the global endpoint


class Partition(NamedTuple):
    """A partition: the start of its regions' names, its host suffixes, and its default region."""

    name: str
    starts: str
    suffix: str
    dual_suffix: str
    region: str


_AWS = Partition("aws", "", "amazonaws.com", "api.aws", "us-east-1")
PARTITIONS = (
    Partition("aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "cn-northwest-1"),
    Partition("aws-us-gov", "us-gov-", "amazonaws.com", "api.aws", "us-gov-west-1"),
    Partition("aws-iso", "us-iso-", "c2s.ic.gov", "api.aws.ic.gov", "us-iso-east-1"),
    Partition("aws-iso-b", "us-isob-", "sc2s.sgov.gov", "api.aws.scloud", "us-isob-east-1"),
    Partition("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "eu-isoe-west-1"),
    Partition("aws-iso-f", "us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "us-isof-south-1"),
    Partition("aws-eusc", "eusc-de-", "amazonaws.eu", "api.amazonwebservices.eu", "eusc-de-east-1"),
    _AWS,
)


class Endpoint(NamedTuple):
    """One STS endpoint: ``region`` is for signatures, ``host`` answers. ``url`` is set only if one is configured."""

    region: str
    host: str
    partition: str
    url: str | None
    url_origin: Origin | None
    region_origin: Origin | None

    @property
    def address(self) -> str:
        """The URL to call."""
        return self.url or f"https://{self.host}"


class Rules(NamedTuple):
    """What the selected profile and the environment set for every STS endpoint of the chain."""

    url: Setting | None
    legacy: bool
    fips: bool
    dualstack: bool


def without_fips(region: str) -> tuple[str, bool]:
    """A region without the ``fips`` of a pseudo-region such as us-gov-west-1-fips, and whether it had one."""
    name = region.replace("fips-", "").replace("-fips", "")
    return name, name != region


def partition_of(region: str) -> Partition:
    """The partition of a region or pseudo-region; ``aws`` if the name fits no other."""
    name, _ = without_fips(region)
    return next(
        (
            p
            for p in PARTITIONS
            if name == f"{p.name}-global" or (p.starts and _starts_as_a_region_of(p, name))
        ),
        _AWS,
    )


def _starts_as_a_region_of(partition: Partition, name: str) -> bool:
    place, _, number = name.removeprefix(partition.starts).rpartition("-")
    return name.startswith(partition.starts) and place.isalnum() and number.isdigit()


def real_region(region: str) -> str:
    """The real region of a pseudo-region, for the console and the like: aws-global is us-east-1."""
    name, _ = without_fips(region)
    return partition_of(name).region if name.endswith("-global") else name


def partition_of_arn(arn: str) -> Partition:
    """The partition of an ARN; ``aws`` if it names no known one."""
    name = arn.split(":", 2)[1] if arn.count(":") > 1 else ""
    return next((p for p in PARTITIONS if p.name == name), _AWS)


def _flag(text: str) -> bool:
    return text.strip().lower() == "true"


def _chosen(
    env: Mapping[str, str], variable: str, get: Callable[[str], Setting | None], key: str
) -> Setting | None:
    """The variable if it is set, otherwise the profile's key: the order of all of AWS's tools."""
    if env.get(variable):
        return Setting(key, env[variable], Origin(variable, 0))
    return get(key)


def configured_url(
    config: Config, get: Callable[[str], Setting | None], *, env: Mapping[str, str], service: str
) -> Setting | None:
    """The configured endpoint URL of ``service`` ("sts", "iam", …), or None.

    Order: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile's services section, its endpoint_url. None of them
    counts if AWS_IGNORE_CONFIGURED_ENDPOINT_URLS or ignore_configured_endpoint_urls is true. ConfigError if ``services``
    names a section that does not exist.
    """
    ignore = _chosen(env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", get, "ignore_configured_endpoint_urls")
    if ignore is not None and _flag(ignore.value):
        return None
    for variable in (f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}", "AWS_ENDPOINT_URL"):
        if env.get(variable):
            return Setting("endpoint_url", env[variable], Origin(variable, 0))
    services = get("services")
    if services is not None:
        section = config.services.get(services.value)
        if section is None:
            raise errors.ConfigError(
                f"{services.origin}: there is no [services {safe(services.value)}] in {safe(config.config_path)}",
                hint=suggestion(services.value, config.services),
            )
        block = section.properties.get(service.lower().replace("-", "_"))
        found = subproperties(block).get("endpoint_url") if block is not None else None
        if found is not None and found.value:
            return Setting("endpoint_url", found.value, Origin(config.config_path, found.line))
    plain = get("endpoint_url")
    return plain if plain is not None and plain.value else None


def rules(config: Config, get: Callable[[str], Setting | None], *, env: Mapping[str, str]) -> Rules:
    """The rules of the selected profile, for every link of its chain. ConfigError."""
    regional = _chosen(env, "AWS_STS_REGIONAL_ENDPOINTS", get, "sts_regional_endpoints")
    if regional is not None and regional.value.lower() not in ("regional", "legacy"):
        raise errors.ConfigError(
            f"{regional.origin}: sts_regional_endpoints must be regional or legacy, not {safe(regional.value)!r}"
        )
    fips = _chosen(env, "AWS_USE_FIPS_ENDPOINT", get, "use_fips_endpoint")
    dualstack = _chosen(env, "AWS_USE_DUALSTACK_ENDPOINT", get, "use_dualstack_endpoint")
    return Rules(
        configured_url(config, get, env=env, service="sts"),
        regional is not None and regional.value.lower() == "legacy",
        fips is not None and _flag(fips.value),
        dualstack is not None and _flag(dualstack.value),
    )


def portal_address(region: str, *, url: Setting | None, by: Rules) -> str:
    """The URL of IAM Identity Center's portal in ``region``, which gives credentials."""
    return url.value if url is not None else f"https://{_regional('portal.sso', region, by)}"


def oidc_address(region: str, *, url: Setting | None, by: Rules) -> str:
    """The URL of IAM Identity Center's sign-in in ``region``, which gives access tokens."""
    return url.value if url is not None else f"https://{_regional('oidc', region, by)}"


def _regional(name: str, region: str, by: Rules) -> str:
    """A service's host in ``region``. GovCloud's plain hosts are its FIPS hosts; its dual-stack hosts are not."""
    region, fips = without_fips(region)
    partition = partition_of(region)
    fips = (fips or by.fips) and (by.dualstack or partition.name != "aws-us-gov")
    suffix = partition.dual_suffix if by.dualstack else partition.suffix
    return f"{name}{'-fips' if fips else ''}.{region}.{suffix}"


def metadata_address(get: Callable[[str], Setting | None], *, env: Mapping[str, str]) -> str:
    """The URL of the instance metadata service."""
    address = _chosen(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT", get, "ec2_metadata_service_endpoint")
    if address is not None and address.value:
        return address.value
    mode = _chosen(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", get, "ec2_metadata_service_endpoint_mode")
    return (
        "http://[fd00:ec2::254]"
        if mode is not None and mode.value.lower() == "ipv6"
        else "http://169.254.169.254"
    )


def sts_endpoint(region: str, *, origin: Origin | None, by: Rules) -> Endpoint:
    """The STS endpoint for a link in ``region``, which may be a pseudo-region: host and signing region are botocore's."""
    name, fips = without_fips(region)
    fips, partition = fips or by.fips, partition_of(name)
    signs = _AWS.region if name == _GLOBAL else name  # AWS accepts signatures for real regions only
    if by.url is not None:
        host = by.url.value.partition("://")[2].partition("/")[0] or by.url.value
        return Endpoint(signs, host, partition.name, by.url.value, by.url.origin, origin)
    legacy_global = by.legacy and name in _LEGACY
    if (legacy_global or name == _GLOBAL) and not fips and not by.dualstack:
        return Endpoint(_AWS.region, "sts.amazonaws.com", partition.name, None, None, origin)
    return Endpoint(signs, _regional("sts", region, by), partition.name, None, None, origin)
