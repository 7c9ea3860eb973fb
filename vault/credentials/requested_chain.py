"""From a Request to its Chain: that of a profile, or of a role without one. Calls nobody."""

from __future__ import annotations

from vault import errors
from vault.profiles import values
from vault.profiles.resolve import resolve
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vault.credentials.request import Request
    from vault.profiles.aws_files import Config
    from vault.profiles.chain import Chain


def requested_chain(
    config: Config,
    request: Request,
    *,
    env: Mapping[str, str],
    has_entry: Callable[[str], bool] | None = None,
) -> Chain:
    """The chain of what ``request`` names. NotFound, ConfigError."""
    named = request.profile if request.source is None else request.source
    profile = named
    if request.start:
        from vault.credentials.prefix_match import chosen

        profile = chosen(config, named, has_entry=has_entry)
    if request.source is None:
        return resolve(config, profile, env=env, has_entry=has_entry)
    from vault.profiles.role_without_profile import chain_of_role

    return chain_of_role(config, request.profile, source=profile, env=env, has_entry=has_entry)


def check_role_has_source(config: Config, request: Request, *, use: str) -> None:
    """Usage if ``request`` names a role by its ARN and no profile that assumes it. ``use`` as in vault/credentials/obtain."""
    arn = request.profile
    words = _COMMANDS.get(use)
    if request.source is not None or words is None or not arn.startswith("arn:") or arn in config.profiles:
        return
    if not values.is_role_arn(arn):
        raise errors.Usage(
            f"{safe(arn)!r} is neither a profile nor the ARN of a role", hint="run: awsvault-py list"
        )
    from shlex import quote

    from vault.profiles.role_without_profile import profiles_with

    before, after = words
    hint = f"name the profile that assumes it: awsvault-py {request.repeated(before)} --source PROFILE {quote(arn)}{after}"
    known = next((profile.name for profile in profiles_with(config, arn)), None)
    if known is not None:
        hint += f"; or use profile {safe(known)}, which has this role"
    raise errors.Usage(f"{safe(arn)} is a role, and no profile is given that assumes it", hint=hint)


# The commands that have --source, by the use that the log records.
_COMMANDS = {
    "export": ("export", ""),
    "exec": ("exec", " -- CMD"),
    "serve": ("exec --server", " -- CMD"),
    "login": ("login", ""),
}
