"""Whether AWS's files need only a sign-in to IAM Identity Center and no key, for where there is no vault. Calls nothing."""

from __future__ import annotations

from vault import errors
from vault.profiles import aws_files
from vault.profiles.chain import Sso, StaticKeys, VaultKey
from vault.profiles.resolve import resolve
from vault.records import NamedTuple
from vault.text import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.profiles.aws_files import Config
    from vault.profiles.chain import Chain


class SignInNeeded(NamedTuple):
    """The name for ``sso login``: a session or a profile. ``only``: no profile needs a key."""

    name: str
    only: bool

    @property
    def command(self) -> str:
        """The command that signs in, and creates the vault."""
        return command("sso login", self.name)


def chain_without_vault(config: Config, profile: str, *, env: Mapping[str, str]) -> Chain:
    """The chain of a profile where there is no vault; if it needs a key, as if the vault had that key. Errors: as of ``resolve``."""
    try:
        return resolve(config, profile, env=env, has_entry=lambda _: False)
    except errors.ConfigError as error:
        try:
            found = resolve(config, profile, env=env, has_entry=lambda _: True)
        except errors.ConfigError:
            raise error from None
        if not isinstance(found.source, VaultKey):
            raise
        return found


def without_vault(error: errors.NotFound, env: Mapping[str, str], *, home: str) -> SignInNeeded | None:
    """What AWS's files need, if ``error`` says that there is no vault, and there are no backups to restore."""
    from vault.store.file import NoVault

    if not isinstance(error, NoVault) or error.hint != NoVault.hint:
        return None
    return of_files(env, home=home)


def of_files(env: Mapping[str, str], *, home: str) -> SignInNeeded | None:
    """What AWS's files need; None if no profile and no section signs in, or if a file has an error."""
    try:
        return of_config(aws_files.load(env, home=home), env=env)
    except errors.Error:  # every export reports it
        return None


def of_config(config: Config, *, env: Mapping[str, str]) -> SignInNeeded | None:
    """What a configuration needs where there is no vault."""
    name, only = next(iter(config.sso_sessions), None), True
    for profile in config.profiles:
        try:
            source = chain_without_vault(config, profile, env=env).source
        except errors.Error:
            continue
        if isinstance(source, Sso):
            name = name or source.session or profile
        elif isinstance(source, VaultKey | StaticKeys):
            only = False
    return SignInNeeded(name, only) if name is not None else None
