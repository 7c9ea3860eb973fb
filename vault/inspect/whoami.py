"""Gets the AWS identity of a profile or of the credentials in the environment (GetCallerIdentity). Prints nothing."""

from __future__ import annotations

from vault.aws import credential_json, sts
from vault.aws.credentials import Credentials
from vault.credentials import obtain
from vault.credentials.hints import with_names
from vault.errors import Refused, Usage
from vault.keys.service_endpoints import sts_endpoint
from vault.profiles import aws_files
from vault.profiles.chain import NamedSource
from vault.profiles.credential_variables import session_token_in
from vault.records import NamedTuple
from vault.secret import Secret
from vault.system import timestamps
from vault.text import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.credentials import Identity
    from vault.context import Context
    from vault.credentials.request import Request


class Who(NamedTuple):
    """An identity with its profile (None for credentials in the environment) and the expiry of its session in Unix seconds."""

    identity: Identity
    profile: str | None
    expires: int | None


def of_profile(context: Context, request: Request) -> Who:
    """The identity of ``request.profile``. Raises the errors of an export."""
    got = obtain.credentials(
        context, request, purpose=f"to get the identity of {request.profile}", use="whoami"
    )
    profile = got.chain.profile
    try:
        identity = _ask(context, credential_json.credentials_of(got.line), profile)
    except Refused as error:
        error.hint = with_names(error.hint, got.chain)
        raise
    return Who(identity, profile, got.expires)


def of_environment(context: Context) -> Who | None:
    """The identity of the key in the environment; None if there is none. Raises Usage if only half of the key is set."""
    key_id, secret = context.env.get("AWS_ACCESS_KEY_ID", ""), context.env.get("AWS_SECRET_ACCESS_KEY", "")
    if not key_id and not secret:
        return None
    if not key_id or not secret:
        raise Usage(
            "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set", hint="unset both, or set both"
        )
    token = session_token_in(context.env)
    held = Secret(secret.encode("utf-8", "surrogateescape"))
    credentials = Credentials(
        key_id, held, Secret(token.encode("utf-8", "surrogateescape")) if token else None
    )
    ends = timestamps.unix(context.env.get("AWS_CREDENTIAL_EXPIRATION", "")) if token else None
    return Who(_ask_outside(context, credentials), None, ends)


def of_server(context: Context) -> Who | None:
    """The identity of the credentials of ``exec --server``; None outside of it, or if AWS_PROFILE is set inside it.

    Raises ConfigError, Unreachable.
    """
    env = context.env
    inside = env.get("AWSVAULT_PROFILE") and env.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if not inside or env.get("AWS_PROFILE") or env.get("AWS_DEFAULT_PROFILE"):
        return None
    from vault.aws import providers
    from vault.aws.provider_inputs import ProviderContext

    source = NamedSource("EcsContainer", temporary=True, origin=aws_files.Origin("the environment", 0))
    provider_context = ProviderContext(
        env, context.child_env(), context.paths.home, context.new_deadline(), context.settings.allow_http, "",
        trusted_hosts=context.settings.trusted_hosts,
    )  # fmt: skip
    found = providers.fetch(source, provider_context)
    return Who(_ask_outside(context, found.credentials), None, found.expiration)


def selected(context: Context) -> str:
    """The profile that the environment selects, by the rules of AWS's tools."""
    return aws_files.selected(context.env)


def _ask_outside(context: Context, credentials: Credentials) -> Identity:
    """The identity of credentials in the environment, which an exec may have set."""
    inside = context.env.get("AWSVAULT_PROFILE", "")
    subject = f"the credentials in the environment{f' (from exec {inside})' if inside else ''}"
    try:
        return _ask(context, credentials, selected(context), subject=subject)
    except Refused as error:
        if inside:
            error.hint = f"leave this shell (exit), then run: {command('exec', inside)}"
        elif error.code == "ExpiredToken":
            error.hint = "get new credentials where you got these"
        else:
            error.hint = "correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or unset them"
        raise


def _ask(context: Context, credentials: Credentials, name: str, *, subject: str = "") -> Identity:
    return sts.get_caller_identity(
        credentials,
        endpoint=sts_endpoint(context, name),
        deadline=context.new_deadline(),
        subject=subject or name,
    )
