"""Whether AWS knows a key: GetCallerIdentity, at the endpoint that AWS's own tools would choose."""

from __future__ import annotations

from typing import NamedTuple

from vault.aws import sts
from vault.aws.service_endpoint import ServiceEndpoint
from vault.errors import Unreachable
from vault.profiles import aws_files, endpoints
from vault.profiles.build_chain import region_of, sane_region

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.credentials import Credentials, Identity
    from vault.context import Context


class Proof(NamedTuple):
    """What came of asking: who the key is, or why AWS could not be asked; both None where it was not asked."""

    identity: Identity | None = None
    unreachable: str | None = None


def region(context: Context, profile: aws_files.Profile | None) -> str | None:
    """The region somebody chose: AWS_REGION, AWS_DEFAULT_REGION, else the profile's. ConfigError for no region's name."""
    named = region_of(context.env)
    if named is None and profile is not None:
        found = profile.get("region")
        named = sane_region(found) if found is not None and found.value else None
    return named.value if named is not None else None


def sts_endpoint(context: Context, profile_name: str) -> ServiceEndpoint:
    """Where STS is for this profile (it need not exist), by AWS's rules. ConfigError."""
    config = aws_files.load(context.env, home=context.paths.home)
    profile = config.profile(profile_name)
    get = profile.get if profile is not None else _nothing
    rules = endpoints.rules(config, get, env=context.env)
    chosen = region(context, profile) or endpoints.partition_of("").region
    found = endpoints.sts_endpoint(chosen, origin=None, by=rules)
    return ServiceEndpoint(
        url=found.url or f"https://{found.host}",
        region=found.region,
        allow_http=context.settings.allow_http,
        place=str(found.url_origin or ""),
        ca_bundle=get("ca_bundle"),
        trusted_hosts=context.settings.trusted_hosts,
    )


def _nothing(_key: str) -> None:
    return None


def prove(context: Context, credentials: Credentials, *, name: str) -> Proof:
    """Ask AWS who the key is. Refused where AWS does not know it; unreachable AWS is a part of the answer."""
    endpoint = sts_endpoint(context, name)
    try:
        identity = sts.get_caller_identity(
            credentials, endpoint=endpoint, deadline=context.new_deadline(), subject=name
        )
    except Unreachable as error:
        return Proof(unreachable=error.message)
    return Proof(identity)
