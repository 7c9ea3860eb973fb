"""From a profile's name to its Chain, by AWS's rules (docs/resolution.md). Pure: reads no file and runs nothing.

A cached session is served without opening the vault, so it may be unknown which entries exist (``has_entry=None``).
A profile then counts as a vault key if it says so (awsvault_credential, or a credential_process that is awsvault-py's
export of the profile itself) or if nothing else gives credentials. Such a key is marked ``assumed``; code that has opened
the vault resolves again.
"""

from __future__ import annotations

from vault import errors
from vault.limits import MAX_HOPS
from vault.profiles import values
from vault.profiles.aws_files import Profile, Setting
from vault.profiles.build_chain import ChainBuilder, WalkedPath
from vault.profiles.chain import VaultKey
from vault.profiles.source_lookup import SourceLookup, has_static, own_export
from vault.profiles.unread_keys import missing, misspelled
from vault.text import command, safe, suggestion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vault.profiles.aws_files import Config
    from vault.profiles.chain import Chain, Source

CREDENTIAL_SOURCES = ("Environment", "Ec2InstanceMetadata", "EcsContainer")


def resolve(
    config: Config,
    name: str,
    *,
    env: Mapping[str, str],
    has_entry: Callable[[str], bool] | None = None,
    guess: bool = True,
    as_sdk: bool = False,
) -> Chain:
    """The chain of profile ``name``.

    ``guess=False`` assumes a vault key only if the profile says so: for a machine without a vault. ``as_sdk`` reads the
    profile as AWS's own tools do: no prefix, no vault, and awsvault-py's credential_process is a process like any other.
    NotFound if neither a profile nor a known entry has the name. ConfigError with file and line for loops, missing
    sources and invalid values.
    """
    profile = config.profile(name)
    if profile is None:
        if as_sdk or has_entry is None or not has_entry(name):
            raise config.not_found(name)
        profile = _bare_entry(config, name)
    return chain_from(config, profile, env=env, has_entry=has_entry, guess=guess, as_sdk=as_sdk)


def chain_from(
    config: Config,
    profile: Profile,
    *,
    env: Mapping[str, str],
    has_entry: Callable[[str], bool] | None = None,
    guess: bool = True,
    as_sdk: bool = False,
    guarding: tuple[Profile, ...] = (),
) -> Chain:
    """The chain of ``profile``, which need not be in ``config``. The guard rails of the profiles ``guarding`` apply too, and
    those of every profile through which they get their credentials.

    The rest and the errors are as in ``resolve``.
    """
    finder = SourceLookup(config, env, None if as_sdk else has_entry, guess=guess, as_sdk=as_sdk)
    walk = _Walk(config, finder)
    found = walk.follow(profile)._replace(guarding=tuple(walk.passed(other) for other in guarding))
    return ChainBuilder(config, found, env, as_sdk=as_sdk).build()


def _bare_entry(config: Config, name: str) -> Profile:
    """A vault entry without a profile in any file, as a profile without keys."""
    return Profile(name, None, None, (config.config_path, config.credentials_path))


class _Walk:
    """The path from a profile to its source."""

    def __init__(self, config: Config, finder: SourceLookup) -> None:
        self.config = config
        self.finder = finder
        self.as_sdk = finder.as_sdk
        self.has_entry = finder.has_entry

    def get(self, profile: Profile, key: str) -> Setting | None:
        return values.one_line(profile.plain(key) if self.as_sdk else profile.get(key))

    def passed(self, profile: Profile) -> tuple[Profile, ...]:
        """The profiles from ``profile`` to its source, or to the first one that cannot be resolved."""
        path: list[Profile] = []
        try:
            self.follow(profile, path)
        except errors.ConfigError:
            return tuple(path)
        return tuple(path)

    def follow(self, profile: Profile, path: list[Profile] | None = None) -> WalkedPath:
        """The path from ``profile``. ``path`` is an empty list that gets its profiles, also if an error ends the path."""
        path = [] if path is None else path
        path.append(profile)
        roles: list[Profile] = []
        first = True
        while True:
            profile = path[-1]
            called = None if self.as_sdk else own_export(profile)
            role = self.get(profile, "role_arn")
            web = self.get(profile, "web_identity_token_file")
            if web is None and not self.as_sdk:
                web = profile.get("web_identity_token_process")
            # What an SDK gets from a profile that calls awsvault-py is the result of `export`, which uses the role
            # first.
            asked_first = first or (called is not None and called.profile == profile.name)
            if role is not None and web is None and (asked_first or not self.is_key(profile)):
                roles.append(profile)
                found = self.next_step(profile, role, path)
            else:
                found = self.finder.find(profile, called)
            if not isinstance(found, str):
                return WalkedPath(tuple(path), tuple(roles), found)
            path.append(self.profile_for(found, path))
            first = called is not None and called.profile == found and role is None

    def is_key(self, profile: Profile) -> bool:
        """Whether a source profile has a key of its own. The chain then ends there, even if the profile names a role."""
        if has_static(profile):
            return True
        if self.as_sdk:
            return False
        return profile.prefixed("credential") is not None or bool(
            self.has_entry and self.has_entry(profile.name)
        )

    def next_step(self, profile: Profile, role: Setting, path: list[Profile]) -> Source | str:
        """Where a role profile gets its credentials: the source, or the name of the next profile."""
        source_profile = self.get(profile, "source_profile")
        named = self.get(profile, "credential_source")
        credential = None if self.as_sdk else profile.prefixed("credential")
        shown = safe(profile.name)
        if source_profile is not None and named is not None:
            raise errors.ConfigError(
                f"{named.origin}: profile {shown} has both source_profile and credential_source",
                hint="keep only one of them",
            )
        if named is not None:
            if named.value not in CREDENTIAL_SOURCES:
                raise errors.ConfigError(
                    f"{named.origin}: credential_source {safe(named.value)!r} is not one of {', '.join(CREDENTIAL_SOURCES)}",
                    hint=suggestion(named.value, CREDENTIAL_SOURCES),
                )
            return self.finder.named(named)
        if source_profile is None:
            if credential is not None:
                return VaultKey(credential.value, credential.origin, self.has_entry is None)
            for mistake in misspelled(profile):
                raise errors.ConfigError(mistake.message)
            raise missing(
                self.config,
                profile,
                f"{role.origin}: profile {shown} has role_arn, but neither source_profile nor credential_source",
                hint="set source_profile to the profile that has the key",
            )
        wanted = source_profile.value
        if wanted == profile.name and (self.is_key(profile) or self.names_itself(profile)):
            return self.finder.find(profile, None if self.as_sdk else own_export(profile), itself=True)
        if any(wanted == passed.name for passed in path):
            raise self.loop(source_profile, path)
        if wanted not in self.config.profiles and not (self.has_entry and self.has_entry(wanted)):
            raise errors.ConfigError(
                f"{source_profile.origin}: profile {shown} names source_profile {safe(wanted)!r}, which does not exist",
                hint=self.config.suggestion(wanted) or f"to add its key, run: {command('add', wanted)}",
            )
        return wanted

    def names_itself(self, profile: Profile) -> bool:
        """Whether the profile calls awsvault-py for itself and is its own source: it then means the vault's key of the
        same name.
        """
        called = None if self.as_sdk or self.has_entry is not None else own_export(profile)
        return called is not None and called.profile == profile.name

    def profile_for(self, name: str, path: list[Profile]) -> Profile:
        """The next profile on the path. ConfigError for a loop and for a path that is too long."""
        if any(name == passed.name for passed in path) or len(path) > MAX_HOPS:
            at = path[-1].own("credential_process") or Setting("source_profile", name, path[-1].origin)
            raise self.loop(at._replace(value=name), path)
        return self.config.profile(name) or _bare_entry(self.config, name)

    @staticmethod
    def loop(setting: Setting, path: list[Profile]) -> errors.ConfigError:
        names = [safe(passed.name, limit=60) for passed in path][:MAX_HOPS]
        loop = " -> ".join((*names, safe(setting.value, limit=60)))
        kind = f"more than {MAX_HOPS} profiles in a chain" if len(path) > MAX_HOPS else "profile loop"
        return errors.ConfigError(
            f"{setting.origin}: {kind}: {loop}",
            hint="give one of these profiles a key or another source",
        )


def check(chain: Chain) -> None:
    """ConfigError for the first value that AWS would refuse, before any call."""
    if chain.faults:
        raise errors.ConfigError(chain.faults[0].message, hint=chain.faults[0].hint)
