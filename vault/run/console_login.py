"""Gets a console sign-in URL for a profile or for the credentials in the environment. Opens and prints nothing."""

from __future__ import annotations

from vault import errors
from vault.aws import console, credential_json, hosts
from vault.aws.service_endpoint import ServiceEndpoint
from vault.credentials import guardrails, obtain
from vault.credentials.hints import with_names
from vault.credentials.requested_chain import requested_chain
from vault.profiles import aws_files, endpoints
from vault.records import NamedTuple
from vault.run import federation
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
    """A sign-in URL, the session that it signs in with, and the page that it opens."""

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
    """The URL for ``request.profile``. ``tell`` gets a note about a host that is not AWS's own, or a session without MFA.

    Raises Usage (an option), Untrusted (the host), and the errors of an export.
    """
    console.page(
        "aws", region="us-east-1", service=service, path=path
    )  # report a wrong option before any call
    chain = _look_ahead(context, request)
    if request.source is None and chain is not None and not chain.hops:
        _takes_no_code(request, f"profile {safe(chain.profile)}")
    if request.source is None and (
        chain is None or not chain.hops
    ):  # a session of the user (GetSessionToken) cannot sign in
        request = request._replace(federates=True, session=False)

    def exchange(issued: Issued) -> Issued:
        subject = issued.chain.subject
        return _session(context, issued, request, subject=subject, tell=tell)

    issued = obtain.credentials(
        context,
        request,
        purpose=f"to sign in to the console as {request.profile}",
        use="login",
        exchange=exchange,
    )
    subject = issued.chain.subject
    return _signed_in(context, issued, request, subject=subject, tell=tell, service=service, path=path)


def sign_in_environment(
    context: Context,
    request: Request,
    *,
    tell: Callable[[str], None],
    service: str | None = None,
    path: str | None = None,
) -> SignIn:
    """The URL for the credentials in the environment's variables, without a profile and without the vault.

    ``tell`` and errors as for ``sign_in``.
    """
    from vault.run import environment_credentials

    console.page("aws", region="us-east-1", service=service, path=path)
    subject = "the credentials in the environment"
    _takes_no_code(request, subject)
    issued = environment_credentials.issued(context)
    _endpoint(
        context, aws_files.load(context.env, home=context.paths.home), issued.chain, region=request.region
    )
    request = request._replace(federates=True)
    issued = issued._replace(chain=guardrails.applied(issued.chain, request))
    issued = _session(context, issued, request, subject=subject, tell=tell)
    return _signed_in(context, issued, request, subject=subject, tell=tell, service=service, path=path)


def _session(
    context: Context,
    issued: Issued,
    request: Request,
    *,
    subject: str,
    tell: Callable[[str], None],
) -> Issued:
    """A session that can sign in: ``issued`` itself, or a session of its user if ``issued`` is an access key."""
    if credential_json.credentials_of(issued.line).token is None:
        _takes_no_code(request, subject)
        found = federation.federated(context, issued, request, subject=subject)
        tell(federation.NO_MFA)
        return found
    if request.policy is not None and not issued.chain.hops:
        raise errors.Usage(
            f"{subject}: --policy and --policy-arn restrict the session of a role or of an IAM user's key, not this "
            "session",
            hint="leave them out",
        )
    if request.federates:  # the guard rails were not checked before the exchange
        guardrails.applied(issued.chain, request._replace(federates=False))
        guardrails.check_expiry(issued.chain, expires=issued.expires, now=context.clock.time())
        if request.duration is not None and issued.expires is None:
            raise errors.Usage(
                f"{subject}: --duration has no effect, because this already is a session",
                hint="leave out --duration",
            )
    return issued


def _takes_no_code(request: Request, subject: str) -> None:
    """Usage if a code was given for a sign-in without a role: none of its calls to AWS takes one."""
    if request.mfa_code is not None:
        raise errors.Usage(
            f"{subject}: --mfa-code is given, but a sign-in without a role takes no code, and its session has no MFA",
            hint="leave out --mfa-code, or sign in with a profile that has a role",
        )


def _signed_in(
    context: Context,
    issued: Issued,
    request: Request,
    *,
    subject: str,
    tell: Callable[[str], None],
    service: str | None,
    path: str | None,
) -> SignIn:
    chain = issued.chain
    config = aws_files.load(context.env, home=context.paths.home)
    endpoint = _endpoint(context, config, chain, region=request.region)
    foreign_host = endpoint.foreign_host()
    if foreign_host is not None:
        tell(
            f"note: {safe(foreign_host)} ({safe(endpoint.place)}) receives the session. It is not AWS's own sign-in, but "
            "trusted_hosts in config.toml lists it"
        )
    credentials = credential_json.credentials_of(issued.line)
    try:
        token = console.signin_token(
            credentials, endpoint=endpoint, deadline=context.new_deadline(), subject=subject
        )
    except errors.Refused as error:
        error.hint = with_names(error.hint, chain)
        raise
    partition = endpoints.partition_of(endpoint.region).name
    page = console.page(partition, region=endpoint.region, service=service, path=path)
    return SignIn(console.signin_url(endpoint.url, page=page, token=token, issuer=ISSUER), issued, page)


def _look_ahead(context: Context, request: Request) -> Chain | None:
    """The chain as far as it is known without the vault, or None if it has an error.

    Raises Untrusted and Usage before the user is prompted or AWS is called. The export reports all other errors.
    """
    try:
        config = aws_files.load(context.env, home=context.paths.home)
        chain = requested_chain(config, request, env=context.env)
        _endpoint(context, config, chain, region=request.region)
    except (errors.Untrusted, errors.Usage):
        raise
    except errors.Error:
        return None
    return chain


def _endpoint(context: Context, config: Config, chain: Chain, *, region: str | None) -> ServiceEndpoint:
    """The endpoint that exchanges the session for a sign-in token. ``region`` is that of --region.

    Raises Untrusted if it is neither AWS's own host nor a trusted one, Usage for a region in another partition.
    """
    asked = region
    region = endpoints.real_region(asked or chain.region)
    partition = endpoints.partition_of(region).name
    if chain.hops or chain.region_origin is not None:  # otherwise only --region says which console is meant
        known = chain.hops[-1].endpoint.partition if chain.hops else endpoints.partition_of(chain.region).name
        if asked is not None and partition != known:
            raise errors.Usage(
                f"--region {asked} is in the partition {partition}, but the session is for {known}",
                hint=f"use a region in {known}",
            )
        if partition != known:  # the console of another partition does not have the role
            region = endpoints.real_region(chain.hops[-1].endpoint.region)
        partition = known
    # A role without a profile has the settings of the profile that assumes it.
    profile = config.profile(chain.path[1] if chain.by_arn else chain.profile)
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


def _nothing(_key: str) -> None:
    return None
