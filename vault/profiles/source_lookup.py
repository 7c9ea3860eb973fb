"""What gives the credentials of a profile that assumes no role, in the order of AWS's tools. Pure."""

from __future__ import annotations

from vault import errors
from vault.limits import ROLE_LEAST, ROLE_MOST
from vault.profiles import identity_center, values
from vault.profiles.aws_files import STATIC, Config, Origin, Profile, Setting
from vault.profiles.chain import (
    Fault,
    Login,
    NamedSource,
    Process,
    Source,
    Sso,
    StaticKeys,
    VaultKey,
    WebIdentity,
)
from vault.profiles.command_words import OwnCall, Unbalanced, own_call, restricting_options, split
from vault.profiles.credential_variables import session_token_in
from vault.profiles.endpoints import Endpoint
from vault.profiles.unread_keys import missing
from vault.secret import Secret
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vault.profiles.ini import Section

_LATER = Endpoint("", "", "", None, None, None)  # set once the whole chain is known


def _environment_digest(env: Mapping[str, str]) -> str:
    """A hash of the variables that decide whose credentials a command gives: AWS's files and profiles, the home folder,
    the program found by its name. A hash because some of them are secrets.
    """
    from vault.crypto.sha256 import sha256

    named = sorted(f"{k}={v}" for k, v in env.items() if k.startswith("AWS_") or k in ("HOME", "PATH"))
    return sha256("\0".join(named).encode("utf-8", "surrogateescape")).hexdigest()


def has_static(profile: Profile) -> bool:
    """Whether the profile has either half of a static key: enough to end a chain here (botocore's rule)."""
    return any(profile.own(name) is not None for name in STATIC)


def own_export(profile: Profile) -> OwnCall | None:
    """The awsvault-py export that this profile's credential_process runs, or None.

    A command that cannot be split, or that runs awsvault-py for something else, is an error only when it would run.
    """
    command = profile.get("credential_process")
    try:
        return own_call(command.value) if command is not None else None
    except ValueError:
        return None


def lost_restriction(profile: Profile) -> Fault | None:
    """The fault of a credential_process that restricts the session in a call that awsvault-py cannot follow, or None.

    The profile may have a role too, and would then give its session without the restriction.
    """
    command = profile.get("credential_process")
    if command is None or own_export(profile) is not None:
        return None
    try:
        lost = restricting_options(command.value)
    except Unbalanced:  # AWS's tools cannot run it either
        return None
    if not lost:
        return None
    message = (
        f"{command.origin}: {lost[0]} in credential_process has no effect on awsvault-py's own commands, "
        "because the line is not: awsvault-py export PROFILE"
    )
    return Fault(
        message, command.origin, "set awsvault_policy_file or awsvault_policy_arns in the profile instead"
    )


class SourceLookup:
    """Finds the source of one profile. ``has_entry``, ``guess`` and ``as_sdk`` as in ``resolve``."""

    def __init__(
        self,
        config: Config,
        env: Mapping[str, str],
        has_entry: Callable[[str], bool] | None,
        *,
        guess: bool,
        as_sdk: bool,
    ) -> None:
        self.config = config
        self.env = env
        self.has_entry = has_entry
        self.guess = guess and has_entry is None and not as_sdk
        self.as_sdk = as_sdk

    def get(self, profile: Profile, key: str) -> Setting | None:
        return values.one_line(profile.plain(key) if self.as_sdk else profile.get(key))

    def find(self, profile: Profile, called: OwnCall | None, *, itself: bool = False) -> Source | str:
        """The source of ``profile``; if its credential_process exports another profile, the name of that one.

        ``itself``: the profile names itself as source_profile. ConfigError if nothing gives credentials.
        """
        key = self._vault_key(profile, called)
        if key is not None:
            return key
        found = (
            (None if itself else self._web_identity(profile))
            or self._sso(profile)
            or self._static(profile, profile.credentials, profile.paths[1])
            or self._login(profile)
            or self._process(profile, called)
            or self._static(profile, profile.config, profile.paths[0])
            or self._sso(profile, bare=True)
        )
        if found is not None:
            return found
        if self.guess and not has_static(profile):
            return VaultKey(profile.name, profile.origin, True)
        raise self._nothing(profile, called)

    def _vault_key(self, profile: Profile, called: OwnCall | None) -> VaultKey | None:
        if self.as_sdk:
            return None

        def get(key: str) -> Setting | None:
            return self.get(profile, key)

        named = profile.prefixed("credential")
        if named is not None:
            role = identity_center.first_role_key(get)
            if role is not None:
                other, hint = f"also {named.name} (line {named.origin.line})", "keep only one of them"
                raise identity_center.two_sources(profile.name, role, other, hint=hint)
            return VaultKey(named.value, named.origin, self.has_entry is None)
        if self.has_entry is not None:
            if not self.has_entry(profile.name):
                return None
            wrong = identity_center.conflict_with_entry(profile.name, get)
            if wrong is not None:
                raise wrong
            return VaultKey(profile.name, profile.origin, False)
        if called is not None and called.profile == profile.name and identity_center.first_key(get) is None:
            return VaultKey(profile.name, profile.origin, True)
        return None

    def _nothing(self, profile: Profile, called: OwnCall | None) -> errors.ConfigError:
        shown = safe(profile.name)
        half = next((found for name in STATIC if (found := profile.own(name)) is not None), None)
        if half is not None:
            other = STATIC[1] if half.name == STATIC[0] else STATIC[0]
            return missing(
                self.config, profile, f"{half.origin}: profile {shown} has {half.name} without {other}"
            )
        keys = "AWS's files" if self.as_sdk else "the vault or in AWS's files"
        what = "has no credentials"
        more = f": no key in {keys}, no credential_process, no web identity, no IAM Identity Center"
        if called is not None:
            what, more = "calls awsvault-py, but the vault has no key with that name", ""
        hint = f"run: {command('add', profile.name)}"
        return missing(
            self.config, profile, f"{profile.origin}: profile {shown} {what}", more=more, hint=hint
        )

    def _web_identity(self, profile: Profile) -> WebIdentity | None:
        token_file = self.get(profile, "web_identity_token_file")
        process = None if self.as_sdk else profile.get("web_identity_token_process")
        place = token_file if token_file is not None and token_file.value else process
        if place is None or not place.value:
            return None
        role = self.get(profile, "role_arn")
        if role is None or not role.value:
            raise missing(
                self.config,
                profile,
                f"{place.origin}: profile {safe(profile.name)} has {place.name} but no role_arn",
            )
        name = self.get(profile, "role_session_name")
        duration = None if self.as_sdk else self.get(profile, "duration_seconds")
        return WebIdentity(
            profile.name,
            role.value,
            token_file.value if place is token_file and token_file is not None else None,
            place.value if place is process else None,
            name.value if name is not None else None,
            values.number(duration, least=ROLE_LEAST, most=ROLE_MOST),
            _LATER,
            place.origin,
        )

    def _sso(self, profile: Profile, *, bare: bool = False) -> Sso | None:
        """Identity Center's role; with ``bare`` also if the profile names no account and no role."""

        def get(key: str) -> Setting | None:
            return self.get(profile, key)

        if not bare and identity_center.first_role_key(get) is None:
            return None
        return identity_center.source_of(self.config, profile, get, complete=self.as_sdk)

    def _static(self, profile: Profile, section: Section | None, path: str) -> StaticKeys | None:
        """The key pair of one file. Both halves come from the same file."""
        identifier = section.properties.get(STATIC[0]) if section is not None else None
        if section is None or identifier is None:
            return None
        origin = Origin(path, identifier.line)
        secret = section.properties.get(STATIC[1])
        if secret is None:
            half = (
                f"{origin}: profile {safe(profile.name)} has {STATIC[0]} without {STATIC[1]} in the same file"
            )
            raise missing(self.config, profile, half)
        token = section.properties.get("aws_security_token") or section.properties.get("aws_session_token")
        account = section.properties.get("aws_account_id")
        return StaticKeys(
            profile.name,
            identifier.value,
            Secret(secret.value),
            Secret(token.value) if token is not None and token.value else None,
            account.value if account is not None else None,
            origin,
        )

    def _login(self, profile: Profile) -> Login | None:
        setting = self.get(profile, "login_session")
        return Login(profile.name, setting.value, setting.origin) if setting is not None else None

    def _process(self, profile: Profile, called: OwnCall | None) -> Process | str | None:
        command = profile.plain("credential_process") if self.as_sdk else profile.get("credential_process")
        if command is None:
            return None
        if called is not None:
            return None if called.profile == profile.name else called.profile
        try:
            words = split(command.value)
            _ = self.as_sdk or own_call(command.value)
        except Unbalanced as error:
            raise errors.ConfigError(
                f"{command.origin}: credential_process is not a valid command line: {error}"
            ) from None
        except ValueError as error:
            raise errors.ConfigError(f"{command.origin}: {error}") from None
        if not words:
            raise errors.ConfigError(f"{command.origin}: credential_process is empty")
        account = self.get(profile, "aws_account_id")
        return Process(
            profile.name,
            command.value,
            account.value if account is not None else None,
            command.origin,
            _environment_digest(self.env),
        )

    def named(self, setting: Setting) -> NamedSource:
        """The source that ``credential_source`` names."""
        temporary = setting.value != "Environment" or bool(session_token_in(self.env))
        return NamedSource(
            setting.value, temporary, setting.origin, environment_digest=_environment_digest(self.env)
        )
