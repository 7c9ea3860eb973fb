"""Console sign-in for a profile: a URL that is signed in with its role's session. Opens and prints nothing."""

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
    """A URL that signs in, the session that it uses, and the page that it opens."""

    url: Secret
    issued: Issued
    page: str


def sign_in(
    context: Context,
    request: Request,
    *,
    tell: Callable[[str], None],
    service: str | None = None,
    path: str | None = None,
) -> SignIn:
    """The URL for ``request.profile``. ``tell`` is told of a host that is not AWS's own.

    Errors: Usage (service, path), ConfigError (no role), Untrusted (the host), and those of an export.
    """
    console.page(
        "aws", region="us-east-1", service=service, path=path
    )  # a wrong option: say so before any call
    _look_ahead(context, request)
    issued = obtain.credentials(
        context, request, purpose=f"to sign in to the console as {request.profile}", use="login"
    )
    chain = issued.chain
    credentials = credential_json.credentials_of(issued.line)
    if credentials.token is None or not _is_role(issued):
        raise errors.ConfigError(
            f"profile {safe(chain.profile)} has no role, and the console accepts only the session of a role",
            hint="use a profile with a role (awsvault_role_arn); a user signs in to the console with a password",
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
    return SignIn(console.signin_url(federation.url, page=page, token=token, issuer=ISSUER), issued, page)


def _look_ahead(context: Context, request: Request) -> None:
    """Raise Untrusted before anything asks for a passphrase, a code or a session. The export reports all other errors."""
    try:
        config = aws_files.load(context.env, home=context.paths.home)
        name = chosen(config, request.profile) if request.start else request.profile
        _federation(context, config, resolve(config, name, env=context.env))
    except errors.Untrusted:
        raise
    except errors.Error:
        return


def _federation(context: Context, config: Config, chain: Chain) -> ServiceEndpoint:
    """Where the session is exchanged for a token. Untrusted if that is neither AWS's own host nor a trusted one."""
    partition = chain.hops[-1].endpoint.partition if chain.hops else endpoints.partition_of(chain.region).name
    region = endpoints.real_region(chain.region)
    if chain.hops and endpoints.partition_of(region).name != partition:
        # The console of another partition does not know the role.
        region = endpoints.real_region(chain.hops[-1].endpoint.region)
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


def _is_role(issued: Issued) -> bool:
    """Whether the session may be a role's: an assumed one, or one from a provider of roles (Identity Center, instances, …)."""
    from vault.profiles.chain import StaticKeys, VaultKey

    return bool(issued.chain.hops) or not isinstance(issued.chain.source, StaticKeys | VaultKey)


def _nothing(_key: str) -> None:
    return None
