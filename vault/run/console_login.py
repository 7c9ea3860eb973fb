"""Console sign-in for a profile: its role's session for an address that is signed in. Opens and prints nothing."""

from __future__ import annotations

from typing import NamedTuple

from vault import errors
from vault.aws import console, credential_json, hosts
from vault.aws.service_endpoint import ServiceEndpoint
from vault.credentials import obtain
from vault.credentials.hints import with_names
from vault.credentials.prefix_match import chosen
from vault.profiles import aws_files, endpoints
from vault.profiles.resolve import resolve
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.context import Context
    from vault.credentials.issued import Issued
    from vault.credentials.request import Request
    from vault.profiles.aws_files import Config
    from vault.profiles.chain import Chain
    from vault.secret import Secret

ISSUER = "awsvault-py"


class SignIn(NamedTuple):
    """An address that signs in, and whose session it is."""

    url: Secret
    got: Issued
    page: str


def sign_in(
    context: Context,
    request: Request,
    *,
    tell: Callable[[str], None],
    service: str | None = None,
    path: str | None = None,
) -> SignIn:
    """The address for ``request.profile``. ``tell`` hears of a host that is not AWS's own.

    Errors: Usage (service, path), ConfigError (no role), Untrusted (the host), and those of an export.
    """
    console.page(
        "aws", region="us-east-1", service=service, path=path
    )  # a wrong word is said before any call
    _look_ahead(context, request)
    got = obtain.credentials(
        context, request, purpose=f"to sign in to the console as {request.profile}", use="login"
    )
    chain = got.chain
    credentials = credential_json.credentials_of(got.line)
    if credentials.token is None or not _is_role(got):
        raise errors.ConfigError(
            f"profile {safe(chain.profile)} has no role, and AWS's console takes a role's session only",
            hint="name a profile with a role (awsvault_role_arn); a user's own console has its password",
        )
    federation = _federation(context, aws_files.load(context.env, home=context.paths.home), chain)
    foreign_host = federation.foreign_host()
    if foreign_host is not None:
        tell(
            f"note: {safe(foreign_host)} ({safe(federation.place)}) gets the session; it is not AWS's own sign-in, but "
            "trusted_hosts in config.toml lists it"
        )
    try:
        token = console.signin_token(
            credentials,
            endpoint=federation,
            deadline=context.new_deadline(),
            subject=f"profile {safe(chain.profile)}",
        )
    except errors.Refused as error:
        error.hint = with_names(error.hint, chain)
        raise
    partition = endpoints.partition_of(federation.region).name
    page = console.page(partition, region=federation.region, service=service, path=path)
    return SignIn(console.signin_url(federation.url, page=page, token=token, issuer=ISSUER), got, page)


def _look_ahead(context: Context, request: Request) -> None:
    """Untrusted before a passphrase, a code or a session is asked for. What else is wrong, the export itself tells."""
    try:
        config = aws_files.load(context.env, home=context.paths.home)
        name = chosen(config, request.profile) if request.start else request.profile
        _federation(context, config, resolve(config, name, env=context.env))
    except errors.Untrusted:
        raise
    except errors.Error:
        return


def _federation(context: Context, config: Config, chain: Chain) -> ServiceEndpoint:
    """Where the session is changed for a token. Untrusted where that is neither AWS's own host nor a trusted one."""
    partition = chain.hops[-1].endpoint.partition if chain.hops else endpoints.partition_of(chain.region).name
    region = endpoints.real_region(chain.region)
    if chain.hops and endpoints.partition_of(region).name != partition:
        region = endpoints.real_region(
            chain.hops[-1].endpoint.region
        )  # the console of another partition knows no such role
    profile = config.profile(chain.profile)
    get = profile.get if profile is not None else _nothing
    configured = endpoints.configured_url(config, get, env=context.env, service=hosts.SIGN_IN)
    url = console.federation_url(
        partition, region=region, configured=configured.value if configured is not None else None
    )
    found = ServiceEndpoint(
        url,
        region,
        context.settings.allow_http,
        place=str(configured.origin) if configured is not None else "",
        ca_bundle=chain.ca_bundle,
        service=hosts.SIGN_IN,
        trusted_hosts=context.settings.trusted_hosts,
    )
    found.trusted(console.UNTRUSTED_REASON)
    return found


def _is_role(got: Issued) -> bool:
    """Whether the session may be a role's: one that we assumed, or a source that gives roles (SSO, instances, …)."""
    from vault.profiles.chain import StaticKeys, VaultKey

    return bool(got.chain.hops) or not isinstance(got.chain.source, StaticKeys | VaultKey)


def _nothing(_key: str) -> None:
    return None
