"""Credentials of the machine around us: an EC2 instance's metadata (version 2 only), and container credentials.

Both are asked by plain http on addresses of the machine itself, past any proxy.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from vault import errors, limits
from vault.aws import transport
from vault.aws.fetched import check_fields, json_object
from vault.aws.hosts import is_listed
from vault.aws.ip_addresses import canonical, is_loopback
from vault.aws.provider_inputs import read_token_file
from vault.aws.target import parse_target
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.fetched import Fetched
    from vault.aws.provider_inputs import ProviderContext
    from vault.aws.target import Target
    from vault.profiles.chain import NamedSource

_ROLES = "/latest/meta-data/iam/security-credentials/"
# Where plain http may go beside this machine.
_INSTANCE = ("169.254.169.254", "fd00:ec2::254")
_CONTAINER = ("169.254.170.2", "169.254.170.23", "fd00:ec2::23")
_RELATIVE = "http://169.254.170.2"


def instance_credentials(source: NamedSource, context: ProviderContext) -> Fetched:
    """The credentials of the instance's role. Errors: ConfigError, Unreachable."""
    env, what = context.env, f"{source.origin}: the instance's metadata"
    if env.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        raise errors.ConfigError(
            f"{source.origin}: credential_source is Ec2InstanceMetadata, and AWS_EC2_METADATA_DISABLED is true"
        )
    base = _address(source.endpoint or "", context, link=_INSTANCE, origin=str(source.origin))
    life = {"x-aws-ec2-metadata-token-ttl-seconds": str(limits.METADATA_TOKEN_TTL)}
    token = _ask(base, "PUT", "/latest/api/token", headers=life, context=context, what=what)
    proof = {"x-aws-ec2-metadata-token": _line(token, what)}
    role = _line(
        _ask(base, "GET", _ROLES, headers=proof, context=context, what=what).partition(b"\n")[0], what
    )
    raw = _ask(base, "GET", _ROLES + role, headers=proof, context=context, what=what)
    fields = json_object(raw, what=what)
    if fields.get("Code", "Success") != "Success":
        raise errors.Unreachable(f"{what} has no credentials: {safe(str(fields['Code']), limit=80)}")
    return check_fields(fields, what=what, token="Token", now=context.deadline.clock.time())  # noqa: S106  # a field


def container_credentials(source: NamedSource, context: ProviderContext) -> Fetched:
    """The credentials that a container's orchestrator hands out. Errors: ConfigError, Unreachable, Untrusted."""
    env, what = context.env, f"{source.origin}: the container's credentials"
    relative = env.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    url = _RELATIVE + relative if relative else env.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if not url:
        raise errors.ConfigError(
            f"{source.origin}: credential_source is EcsContainer, and neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
            "AWS_CONTAINER_CREDENTIALS_FULL_URI is set"
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
    """What shows the container to ``to``. Untrusted, before it is read, where that may not have it."""
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
        raise errors.ConfigError(f"{source.origin}: the container's authorization token cannot be a header")
    return text


def _check_bearer(to: Target, context: ProviderContext, *, origin: str) -> None:
    """The token is good for whoever has it: it goes to this machine, the orchestrators' addresses and trusted hosts."""
    here = is_loopback(to.name) or canonical(to.name) in _CONTAINER
    if not here and not is_listed(to, context.trusted_hosts):
        raise errors.Untrusted(
            f"{origin}: AWS_CONTAINER_CREDENTIALS_FULL_URI leads to {safe(to.host)}, which is neither this machine nor an"
            " address of AWS's containers, and it would get the whole authorization token",
            hint=f'correct it; if the host is yours, name it in config.toml: trusted_hosts = ["{safe(to.host)}"]',
        )


def _address(url: str, context: ProviderContext, *, link: tuple[str, ...], origin: str) -> Target:
    """The parts of an address that may be asked: https, or plain http to this machine, AWS's own link-local addresses of
    this service, or an allowed host.
    """
    to = parse_target(url)
    if to is None:
        raise errors.ConfigError(f"{origin}: {safe(url)} is no address of a host")
    plain = is_loopback(to.name) or canonical(to.name) in link or is_listed(to, context.allow_http)
    if to.scheme == "http" and not plain:
        raise errors.ConfigError(
            f"{origin}: {safe(urlsplit(url).netloc)} is none of the hosts that may be asked by plain http: localhost, "
            f"127.0.0.0/8, ::1, {', '.join(link)}",
            hint=f'use https, or name the host in config.toml: allow_http = ["{safe(to.name)}"]',
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
        inside = "this source exists only inside AWS"
        served = "start what serves it on this machine, or correct its address"
        raise errors.Unreachable(
            f"{what}: {error.message}", hint=served if is_loopback(to.name) else inside
        ) from None
    if reply.status != 200:
        said = _message(reply.body)
        raise errors.Unreachable(
            f"{what}: {safe(to.host)} answered {reply.status}{f': {safe(said)}' if said else ''}",
            hint="the exec --server that this runs in says so: if its vault was locked, unlock it and start that command again"
            if context.env.get("AWSVAULT_PROFILE")
            else "check that a role is attached to the instance or task",
        )
    return reply.body


def _message(body: bytes) -> str:
    """What a refusal says in its JSON, as a container's endpoint and exec --server have it; empty for anything else."""
    import json

    try:
        found = json.loads(body)
    except ValueError:
        return ""
    said = found.get("message") if isinstance(found, dict) else None
    return said if isinstance(said, str) else ""


def _line(raw: bytes, what: str) -> str:
    text = raw.strip().decode("utf-8", "replace")
    if not (
        0 < len(text) <= limits.MAX_METADATA_LINE
        and text.isascii()
        and text.isprintable()
        and " " not in text
    ):
        raise errors.Unreachable(f"{what} is not what an instance answers")
    return text
