"""``exec --profile-env``: the profile that a command gets by AWS_PROFILE, instead of credentials. Unlocks and calls nothing."""

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
    """The chain of the profile that ``start`` means, if AWS's tools run awsvault-py for it.

    Errors: NotFound; ConfigError, also if they would get its credentials in another way.
    """
    config = aws_files.load(context.env, home=context.paths.home)
    name = chosen(config, start)
    chain = resolve(config, name, env=context.env)
    other = _without_awsvault(config, resolve(config, name, env=context.env, as_sdk=True))
    if other is not None:
        place, what = other
        raise errors.ConfigError(
            f"{place}: --profile-env needs a profile that calls awsvault-py, but for {safe(name)} AWS's tools {what}",
            hint=f"run: {command('setup', name)}; or leave out --profile-env",
        )
    check(chain)
    return chain


def _without_awsvault(config: Config, sdk: Chain) -> tuple[Origin, str] | None:
    """What AWS's tools do instead of calling awsvault-py, and the line that makes them; None if they call it."""
    if sdk.hops:
        hop = sdk.hops[-1]
        return hop.origin("role_arn") or sdk.source.origin, "assume its role themselves"
    source = sdk.source
    if isinstance(source, Process):
        if not _is_own(source.command):
            return source.origin, "run another program"
        key = before_process(config, sdk.profile)
        return (key[0].origin, "use a plaintext key") if key is not None else None
    if isinstance(source, StaticKeys):
        return source.origin, "use a plaintext key"
    return source.origin, "use other credentials"


def _is_own(line: str) -> bool:
    try:
        return own_call(line) is not None
    except ValueError:
        return False
