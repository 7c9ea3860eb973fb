"""Checks a profile for ``exec --profile-env``, which sets AWS_PROFILE instead of credentials. Does not unlock or call AWS."""

from __future__ import annotations

from vault import errors
from vault.credentials.prefix_match import chosen
from vault.profiles import aws_files
from vault.profiles.chain import Process, StaticKeys
from vault.profiles.command_words import own_call
from vault.profiles.resolve import check, resolve
from vault.profiles.sdk_precedence import before_process
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.profiles.aws_files import Config, Origin
    from vault.profiles.chain import Chain


def checked(context: Context, start: str) -> Chain:
    """The chain of the profile ``start``, or of the only profile whose name starts with it.

    Raises NotFound, and ConfigError if AWS's tools would not get its credentials from awsvault-py.
    """
    config = aws_files.load(context.env, home=context.paths.home)
    name = chosen(config, start)
    chain = resolve(config, name, env=context.env)
    sdk = resolve(config, name, env=context.env, as_sdk=True)
    other = _without_awsvault(config, sdk)
    if other is not None:
        place, what = other
        raise errors.ConfigError(
            f"{place}: --profile-env needs a profile that calls awsvault-py, but for {safe(name)} AWS's tools {what}",
            hint=f"run: {command('setup', name)}; or leave out --profile-env",
        )
    exported = _exported(sdk)
    if exported is not None and exported != name:  # the guard rails of this profile would not apply
        raise errors.ConfigError(
            f"profile {safe(name)}: --profile-env needs a profile that calls awsvault-py for itself, but AWS's tools run "
            f"{command('export', exported)}",
            hint=f"name profile {safe(exported)} instead, or leave out --profile-env",
        )
    check(chain)
    return chain


def _without_awsvault(config: Config, sdk: Chain) -> tuple[Origin, str] | None:
    """The line that keeps AWS's tools from calling awsvault-py, and what they do instead; None if they call it."""
    if sdk.hops:
        hop = sdk.hops[-1]
        return hop.origin("role_arn") or sdk.source.origin, "assume its role themselves"
    source = sdk.source
    if isinstance(source, Process):
        if _exported(sdk) is None:
            return source.origin, "run another program"
        key = before_process(config, sdk.profile)
        return (key[0].origin, "use a plaintext key") if key is not None else None
    if isinstance(source, StaticKeys):
        return source.origin, "use a plaintext key"
    return source.origin, "use other credentials"


def _exported(sdk: Chain) -> str | None:
    """The profile that the awsvault-py export in a credential_process exports; None for another program or source."""
    try:
        call = own_call(sdk.source.command) if isinstance(sdk.source, Process) else None
    except ValueError:
        return None
    return call.profile if call is not None else None
