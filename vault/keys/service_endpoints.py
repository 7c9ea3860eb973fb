"""Where STS and IAM are for a profile, by the rules of AWS's own tools. The profile need not exist. Sends nothing."""

from __future__ import annotations

from vault.aws import hosts
from vault.aws.service_endpoint import ServiceEndpoint
from vault.profiles import aws_files, endpoints
from vault.profiles.build_chain import checked_region, region_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


def chosen_region(context: Context, profile: aws_files.Profile | None) -> str | None:
    """AWS_REGION, else AWS_DEFAULT_REGION, else the profile's region, else None. ConfigError if it is no region's name."""
    named = region_of(context.env)
    if named is None and profile is not None:
        found = profile.get("region")
        named = checked_region(found) if found is not None and found.value else None
    return named.value if named is not None else None


def sts_endpoint(context: Context, profile_name: str) -> ServiceEndpoint:
    """Where STS is for this profile. ConfigError."""
    config = aws_files.load(context.env, home=context.paths.home)
    profile = config.profile(profile_name)
    get = profile.get if profile is not None else _nothing
    rules = endpoints.rules(config, get, env=context.env)
    region = chosen_region(context, profile) or endpoints.partition_of("").region
    found = endpoints.sts_endpoint(region, origin=None, by=rules)
    return ServiceEndpoint(
        url=found.url or f"https://{found.host}",
        region=found.region,
        allow_http=context.settings.allow_http,
        place=str(found.url_origin or ""),
        ca_bundle=get("ca_bundle"),
        trusted_hosts=context.settings.trusted_hosts,
    )


def iam_endpoint(context: Context, profile_name: str, partition: str) -> ServiceEndpoint:
    """Where IAM of ``partition`` is for this profile. ConfigError."""
    from vault.aws import iam  # which STS needs not

    config = aws_files.load(context.env, home=context.paths.home)
    profile = config.profile(profile_name)
    get = profile.get if profile is not None else _nothing
    url = endpoints.configured_url(config, get, env=context.env, service=hosts.IAM)
    return iam.endpoint(
        partition,
        url=url.value if url is not None else None,
        allow_http=context.settings.allow_http,
        place=str(url.origin) if url is not None else "",
        ca_bundle=get("ca_bundle"),
        trusted_hosts=context.settings.trusted_hosts,
    )


def _nothing(_key: str) -> None:
    return None
