"""Credentials from outside the vault: a process, a web identity, Identity Center, aws login, the environment, an
instance, a container.

The deadline bounds the time of every fetch, and a constant bounds its size. Reads no configuration. A long-lived key
remains one, without an expiry.
"""

from __future__ import annotations

from vault import errors, limits
from vault.aws.fetched import FetchedCredentials, check_fields, json_object, of_session
from vault.aws.provider_inputs import read_token_file, run_command
from vault.profiles.chain import Login, NamedSource, Process, Sso, WebIdentity
from vault.profiles.credential_variables import session_token_in
from vault.profiles.values import is_account
from vault.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.credentials import Session
    from vault.aws.provider_inputs import ProviderContext
    from vault.profiles.chain import Source


def fetch(source: Source, context: ProviderContext) -> FetchedCredentials:
    """The credentials of ``source``. Errors: ConfigError, Refused, Unreachable, Untrusted; never with a secret in their text."""
    match source:
        case Process():
            return _process(source, context)
        case WebIdentity():
            return of_session(_web_identity(source, context))
        case Sso():
            from vault.aws import sso_portal

            return sso_portal.role_credentials(source, context)
        case Login():
            from vault.aws import aws_login

            return aws_login.credentials_of(source, context)
        case NamedSource():
            return _named(source, context)
        case _:
            raise errors.Internal("a key of the vault is not a provider")


def _process(source: Process, context: ProviderContext) -> FetchedCredentials:
    text = run_command(source.command, key="credential_process", origin=source.origin, context=context)
    what = f"{source.origin}: credential_process"
    fields = json_object(text, what=f"{source.origin}: the output of credential_process")
    if fields.get("Version") != 1:
        raise errors.ConfigError(f"{what}: Version in the answer is not 1")
    found = check_fields(fields, what=what, now=context.deadline.clock.time())
    account = found.account_id or source.account_id
    return found._replace(account_id=account if is_account(account) else None)


def _web_identity(source: WebIdentity, context: ProviderContext) -> Session:
    from vault.aws import sts
    from vault.aws.service_endpoint import ServiceEndpoint

    endpoint = ServiceEndpoint(
        source.endpoint.address,
        source.endpoint.region,
        context.allow_http,
        place=str(source.endpoint.url_origin or ""),
        ca_bundle=context.ca_bundle,
        trusted_hosts=context.trusted_hosts,
    )
    endpoint.trusted(sts.UNTRUSTED_REASON)  # before the token is read, or a command runs for it
    return sts.assume_role_with_web_identity(
        _web_token(source, context),
        role_arn=source.role_arn,
        session_name=source.role_session_name or context.session_name,
        duration=source.duration_seconds,
        endpoint=endpoint,
        deadline=context.deadline,
        subject=f"role {source.role_arn}, requested with a web identity token",
    )


def _web_token(source: WebIdentity, context: ProviderContext) -> Secret:
    if source.token_file is not None:
        raw = read_token_file(source.token_file, key="web_identity_token_file", origin=source.origin)
    else:
        command = source.token_process or ""
        raw = run_command(command, key="web_identity_token_process", origin=source.origin, context=context)
    token = raw.strip()
    usable = 0 < len(token) <= limits.MAX_WEB_TOKEN and token.isascii() and token.decode().isprintable()
    if not usable:
        raise errors.ConfigError(
            f"{source.origin}: the web identity token is empty, too long, or has invalid characters"
        )
    return Secret(token)


def _named(source: NamedSource, context: ProviderContext) -> FetchedCredentials:
    from vault.aws import metadata

    match source.name:
        case "Environment":
            return _environment(source, context)
        case "Ec2InstanceMetadata":
            return metadata.instance_credentials(source, context)
        case _:
            return metadata.container_credentials(source, context)


def _environment(source: NamedSource, context: ProviderContext) -> FetchedCredentials:
    env = context.env
    fields = {
        "AccessKeyId": env.get("AWS_ACCESS_KEY_ID"),
        "SecretAccessKey": env.get("AWS_SECRET_ACCESS_KEY"),
        "AccountId": env.get("AWS_ACCOUNT_ID"),
        "Expiration": env.get("AWS_CREDENTIAL_EXPIRATION"),
        "SessionToken": session_token_in(env),
    }
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        if not env.get(variable):
            raise errors.ConfigError(
                f"{source.origin}: credential_source is Environment, but {variable} is not set",
                hint="set the variable in the environment of this command",
            )
    now = context.deadline.clock.time()
    return check_fields(fields, what=f"{source.origin}: credentials in the environment", now=now)
