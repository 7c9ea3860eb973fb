"""Credentials of the machine: an EC2 instance's metadata (version 2 only), and container credentials.

Both are fetched over plain http from addresses of the machine itself, never through a proxy.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from vault import errors, limits
from vault.aws import transport
from vault.aws.fetched import check_fields, json_object
from vault.aws.hosts import is_listed
from vault.aws.provider_inputs import read_token_file
from vault.http.ip_addresses import canonical, is_loopback
from vault.http.target import parse_target
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.fetched import FetchedCredentials
    from vault.aws.provider_inputs import ProviderContext
    from vault.http.target import Target
    from vault.profiles.chain import NamedSource

_ROLES = "/latest/meta-data/iam/security-credentials/"
# Hosts besides this machine that may be asked over plain http.
_INSTANCE = ("169.254.169.254", "fd00:ec2::254")
_CONTAINER = ("169.254.170.2", "169.254.170.23", "fd00:ec2::23")
_RELATIVE = "http://169.254.170.2"


def instance_credentials(source: NamedSource, context: ProviderContext) -> FetchedCredentials:
    """The credentials of the instance's role. Errors: ConfigError, Unreachable."""
    env, what = context.env, f"{source.origin}: the instance metadata"
    if env.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        raise errors.ConfigError(
            f"{source.origin}: credential_source is Ec2InstanceMetadata, but AWS_EC2_METADATA_DISABLED is true",
            hint="unset AWS_EC2_METADATA_DISABLED, or use another credential_source",
        )
    base = _address(source.endpoint or "", context, link=_INSTANCE, origin=str(source.origin))
    ttl = {"x-aws-ec2-metadata-token-ttl-seconds": str(limits.METADATA_TOKEN_TTL)}
    token = _ask(base, "PUT", "/latest/api/token", headers=ttl, context=context, what=what)
    proof = {"x-aws-ec2-metadata-token": _line(token, what)}
    role = _line(
        _ask(base, "GET", _ROLES, headers=proof, context=context, what=what).partition(b"\n")[0], what
    )
    raw = _ask(base, "GET", _ROLES + role, headers=proof, context=context, what=what)
    fields = json_object(raw, what=what)
    if fields.get("Code", "Success") != "Success":
        raise errors.Unreachable(f"{what} has no credentials: {safe(str(fields['Code']), limit=80)}")
    return check_fields(fields, what=what, token="Token", now=context.deadline.clock.time())  # noqa: S106  # a field


def container_credentials(source: NamedSource, context: ProviderContext) -> FetchedCredentials:
    """The credentials that the container's orchestrator provides. Errors: ConfigError, Unreachable, Untrusted."""
    env, what = context.env, f"{source.origin}: the container's credentials"
    relative = env.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    url = _RELATIVE + relative if relative else env.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if not url:
        raise errors.ConfigError(
            f"{source.origin}: credential_source is EcsContainer, but neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
            "AWS_CONTAINER_CREDENTIALS_FULL_URI is set",
            hint="run the command inside the container, or use another credential_source",
        )
    path, _, query = url.partition("?")
    base = _address(path, context, link=_CONTAINER, origin=str(source.origin))
    headers = {}
    token = _container_token(source, context, base)
    if token is not None:
        headers["authorization"] = token
    raw = _ask(base, "GET", base.path, query=query, headers=headers, context=context, what=what)
    fields = json_object(raw, what=what)
    return check_fields(fields, what=what, token="Token", now=context.deadline.clock.time())  # noqa: S106  # a field


def _container_token(source: NamedSource, context: ProviderContext, to: Target) -> str | None:
    """The token that identifies the container to ``to``. Untrusted, before reading it, if ``to`` must not have it."""
    path = context.env.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    if path or context.env.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"):
        _check_bearer(to, context, origin=str(source.origin))
    if path:
        raw = read_token_file(path, key="AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", origin=source.origin)
        text = raw.decode("utf-8", "replace").strip()
    else:
        text = context.env.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
    if not text:
        return None
    if not (text.isascii() and text.isprintable()):
        raise errors.ConfigError(
            f"{source.origin}: the container's authorization token has characters that no header can have"
        )
    return text


def _check_bearer(to: Target, context: ProviderContext, *, origin: str) -> None:
    """Check where the token goes. Anyone who has it can use it: only this machine, the orchestrators' addresses and
    trusted hosts may get it.
    """
    here = is_loopback(to.name) or canonical(to.name) in _CONTAINER
    if not here and not is_listed(to, context.trusted_hosts):
        raise errors.Untrusted(
            f"{origin}: AWS_CONTAINER_CREDENTIALS_FULL_URI names {safe(to.host)}, which is neither this machine nor an"
            " address of AWS's containers; it would receive the authorization token",
            hint=f'correct it; if the host is yours, add to config.toml: trusted_hosts = ["{safe(to.host)}"]',
        )


def _address(url: str, context: ProviderContext, *, link: tuple[str, ...], origin: str) -> Target:
    """The parts of a URL that may be called: https, or plain http to this machine, to AWS's link-local addresses for
    this service, or to an allowed host.
    """
    to = parse_target(url)
    if to is None:
        raise errors.ConfigError(f"{origin}: {safe(url)} is not the URL of a host")
    plain = is_loopback(to.name) or canonical(to.name) in link or is_listed(to, context.allow_http)
    if to.scheme == "http" and not plain:
        raise errors.ConfigError(
            f"{origin}: {safe(urlsplit(url).netloc)} must not be called over plain http; only these hosts may: localhost, "
            f"127.0.0.0/8, ::1, {', '.join(link)}",
            hint=f'use https, or add to config.toml: allow_http = ["{safe(to.name)}"]',
        )
    return to


def _ask(
    base: Target,
    method: str,
    path: str,
    *,
    headers: dict[str, str],
    context: ProviderContext,
    what: str,
    query: str = "",
) -> bytes:
    to = base._replace(path=path)
    sent = {"host": to.host, "accept": "*/*", "user-agent": "awsvault-py", **headers}
    if method == "PUT":
        sent["content-length"] = "0"
    try:
        reply = transport.send(
            to, method=method, query=query, headers=sent, deadline=context.deadline, env={}
        )
    except errors.Unreachable as error:
        inside = "this provider exists only inside AWS"
        served = "start the server on this machine that provides the credentials, or correct its URL"
        raise errors.Unreachable(
            f"{what}: {error.message}", hint=served if is_loopback(to.name) else inside
        ) from None
    if reply.status != 200:
        message = _message(reply.body)
        raise errors.Unreachable(
            f"{what}: {safe(to.host)} answered {reply.status}{f': {safe(message)}' if message else ''}",
            hint="this runs inside exec --server: if its vault is locked, unlock it and start that command again"
            if context.env.get("AWSVAULT_PROFILE")
            else "check that a role is attached to the instance or task",
        )
    return reply.body


def _message(body: bytes) -> str:
    """The message in a refusal's JSON, as container endpoints and exec --server send it; empty for anything else."""
    import json

    try:
        found = json.loads(body)
    except ValueError:
        return ""
    message = found.get("message") if isinstance(found, dict) else None
    return message if isinstance(message, str) else ""


def _line(raw: bytes, what: str) -> str:
    text = raw.strip().decode("utf-8", "replace")
    if not (
        0 < len(text) <= limits.MAX_METADATA_LINE
        and text.isascii()
        and text.isprintable()
        and " " not in text
    ):
        raise errors.Unreachable(f"{what}: the answer is not from an instance")
    return text
