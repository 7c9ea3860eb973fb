"""Which hosts are AWS's own: the exact names of each service in each partition. Pure.

The names are from the services' endpoint rules, with their FIPS and dual-stack forms, and those of VPC endpoints. A
suffix is not enough: customers also have names under AWS's domains (a bucket, a load balancer, their own service behind
PrivateLink).
"""

from __future__ import annotations

from vault.http.target import parse_target
from vault.profiles.endpoints import PARTITIONS, Partition, partition_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from vault.http.target import Target

STS, IAM, SIGN_IN, PORTAL, OIDC, S3 = "sts", "iam", "signin", "sso", "sso-oidc", "s3"
SERVICES = {
    STS: "STS",
    IAM: "IAM",
    SIGN_IN: "sign-in",
    PORTAL: "Identity Center's portal",
    OIDC: "Identity Center's sign-in",
    S3: "S3",
}

_LABELS = {STS: "sts", IAM: "iam", SIGN_IN: "signin", PORTAL: "portal.sso", OIDC: "oidc", S3: "s3"}
_IAM = {
    "aws": ("iam.amazonaws.com", "iam-fips.amazonaws.com", "iam.global.api.aws", "iam-fips.global.api.aws"),
    "aws-cn": (
        "iam.cn-north-1.amazonaws.com.cn",
        "iam-fips.amazonaws.com.cn",
        "iam.global.api.amazonwebservices.com.cn",
        "iam-fips.api.amazonwebservices.com.cn",
    ),
    "aws-us-gov": ("iam.us-gov.amazonaws.com", "iam.us-gov.api.aws"),
    "aws-iso": (
        "iam.us-iso-east-1.c2s.ic.gov",
        "iam-fips.us-iso-east-1.c2s.ic.gov",
        "iam.api.aws.ic.gov",
        "iam-fips.api.aws.ic.gov",
    ),
    "aws-iso-b": (
        "iam.us-isob-east-1.sc2s.sgov.gov",
        "iam-fips.us-isob-east-1.sc2s.sgov.gov",
        "iam.api.aws.scloud",
        "iam-fips.api.aws.scloud",
    ),
    "aws-iso-e": (
        "iam.eu-isoe-west-1.cloud.adc-e.uk",
        "iam-fips.cloud.adc-e.uk",
        "iam.api.cloud-aws.adc-e.uk",
        "iam-fips.api.cloud-aws.adc-e.uk",
    ),
    "aws-iso-f": (
        "iam.us-isof-south-1.csp.hci.ic.gov",
        "iam-fips.csp.hci.ic.gov",
        "iam.api.aws.hci.ic.gov",
        "iam-fips.api.aws.hci.ic.gov",
    ),
    "aws-eusc": (
        "iam.eusc-de-east-1.amazonaws.eu",
        "iam-fips.amazonaws.eu",
        "iam.global.api.amazonwebservices.eu",
        "iam-fips.api.amazonwebservices.eu",
    ),
}
_SIGN_IN = {
    "aws": ("signin.aws.amazon.com", "{region}.signin.aws.amazon.com"),
    "aws-cn": ("signin.amazonaws.cn", "{region}.signin.amazonaws.cn"),
    "aws-us-gov": (
        "signin.amazonaws-us-gov.com",
        "{region}.signin.amazonaws-us-gov.com",
        "signin-fips.amazonaws-us-gov.com",
        "{region}.signin-fips.amazonaws-us-gov.com",
    ),
    "aws-iso": ("signin.c2shome.ic.gov", "{region}.signin.c2shome.ic.gov"),
    "aws-iso-b": ("signin.sc2shome.sgov.gov", "{region}.signin.sc2shome.sgov.gov"),
    "aws-iso-e": ("signin.csphome.adc-e.uk", "{region}.signin.csphome.adc-e.uk"),
    "aws-iso-f": ("signin.csphome.hci.ic.gov", "{region}.signin.csphome.hci.ic.gov"),
    "aws-eusc": ("{region}.signin.amazonaws-eusc.eu",),
}
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_DIGITS = frozenset("0123456789")
_VPC_ENDPOINT = "vpce-"


def is_aws_host(url: str, *, service: str, partition: str) -> bool:
    """Whether ``url`` is AWS's own host for ``service`` (one of SERVICES) in ``partition``, over TLS."""
    to = parse_target(url)
    if to is None or to.scheme != "https" or to.port not in (None, 443):
        return False
    found = next(each for each in PARTITIONS if each.name == partition)
    if any(_fits(to.name, pattern, found) for pattern in _patterns(service, found)):
        return True
    name = to.name.removeprefix("bucket.") if service == S3 else to.name  # of an S3 endpoint for any bucket
    endpoint, _, rest = name.partition(".")
    inside = f"{_LABELS[service]}.{{region}}.vpce.{found.suffix}"
    own = endpoint.removeprefix(_VPC_ENDPOINT)
    return (
        own not in ("", endpoint)
        and (_LETTERS | _DIGITS | {"-"}).issuperset(own)
        and _fits(rest, inside, found)
    )


def is_listed(to: Target, names: Collection[str]) -> bool:
    """Whether a setting's list of ``host`` or ``host:port`` contains the host."""
    forms = {to.name, to.bracketed, f"{to.bracketed}:{to.effective_port}"}
    return not forms.isdisjoint(name.lower() for name in names)


def _patterns(service: str, partition: Partition) -> tuple[str, ...]:
    if service == IAM:
        return _IAM[partition.name]
    label = _LABELS[service]
    if service == S3:
        forms = [f"s3{form}.{dual}{{region}}" for form in ("", "-fips") for dual in ("", "dualstack.")]
        own = ("s3.amazonaws.com",) if partition.name == "aws" else ()
        return (*(f"{form}.{partition.suffix}" for form in forms), *own)
    names = tuple(
        f"{label}{form}.{{region}}.{suffix}"
        for form in ("", "-fips")
        for suffix in (partition.suffix, partition.dual_suffix)
    )
    if service == SIGN_IN:
        return names[1:] + _SIGN_IN[partition.name]  # the table has its plain names
    return (*names, "sts.amazonaws.com") if (service, partition.name) == (STS, "aws") else names


def _fits(name: str, pattern: str, partition: Partition) -> bool:
    start, placeholder, end = pattern.partition("{region}")
    if not placeholder:
        return name == pattern
    region = name.removeprefix(start).removesuffix(end)
    return name == start + region + end and _is_region(region, partition)


def _is_region(text: str, partition: Partition) -> bool:
    if text == f"{partition.name}-global":
        return True
    if partition_of(text).name != partition.name:
        return False
    if not partition.starts:
        return text[2:3] == "-" and _LETTERS.issuperset(text[:2]) and _is_numbered(text[3:])
    return _is_numbered(text.removeprefix(partition.starts))


def _is_numbered(text: str) -> bool:
    """Whether it is the end of a region's name: letters, a hyphen, and a number of at most two digits."""
    word, _, number = text.partition("-")
    return bool(word) and _LETTERS.issuperset(word) and len(number) in (1, 2) and _DIGITS.issuperset(number)
