"""Says what the AWS CLI and the SDKs do with a profile on their own. Pure."""

from __future__ import annotations

from vault import errors
from vault.inspect.explain_text import NAMED_SOURCES, shown
from vault.profiles import sdk_precedence
from vault.profiles.chain import Login, NamedSource, Process, Sso, StaticKeys, WebIdentity
from vault.profiles.command_words import own_call
from vault.profiles.resolve import resolve
from vault.text import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.profiles.aws_files import Config
    from vault.profiles.chain import Chain


def what_sdks_do(config: Config, name: str, *, env: Mapping[str, str], home: str) -> tuple[str, bool]:
    """What AWS's tools do with the profile, as the predicate of a sentence, and whether they do so without the vault."""
    try:
        chain = resolve(config, name, env=env, as_sdk=True)
    except errors.NotFound:
        return "find no profile with this name", True
    except errors.ConfigError as error:
        return f"fail: {error.message}", True
    what, warned = _source(config, chain, home=home)
    if not chain.hops:
        return what, warned
    roles = " and then ".join(hop.role_arn for hop in chain.hops)
    stored = "the AWS CLI stores that session in plaintext in ~/.aws/cli/cache"
    return f"{what} and assume {roles} themselves; {stored}", warned


def _source(config: Config, chain: Chain, *, home: str) -> tuple[str, bool]:
    found = chain.source
    place = shown(found.origin, home)
    match found:
        case Process():
            try:
                call = own_call(found.command)
            except ValueError as error:  # an SDK runs it like any other program
                return f"run {found.command!r} ({place}), which fails: {error}", True
            others = _others(config, chain, home)
            if call is not None:
                return f"run {command('export', call.profile)}{others}", bool(others)
            return f"run {found.command!r} ({place}){others}", bool(others)
        case StaticKeys():
            profile = config.profile(found.profile)
            hidden = profile is not None and profile.plain("credential_process") is not None
            never = ", and never run credential_process" if hidden else ""
            return f"use the plaintext key {found.access_key_id} in {place}{never}", True
        case WebIdentity():
            return f"exchange the web identity token for {found.role_arn} ({place})", False
        case Sso():
            return f"ask IAM Identity Center for role {found.role_name} ({place})", False
        case Login():
            return f"use the session of aws login ({place})", False
        case NamedSource():
            return f"use {NAMED_SOURCES[found.name]} ({place})", False
        case _:
            return "find no credentials", True


def _others(config: Config, chain: Chain, home: str) -> str:
    """Says which SDKs use a key of the source profile although the AWS CLI and boto3 run its credential_process."""
    if not isinstance(chain.source, Process):
        return ""
    found = sdk_precedence.before_process(config, chain.source_profile)
    if found is None or found[0].key is None:
        return ""
    supply, tools = found
    return f"; but {tools} use the plaintext key {supply.key} in {shown(supply.origin, home)}"
