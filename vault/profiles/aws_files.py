"""AWS's config and credentials file as one set of profiles. Reads these two files and nothing else.

Each value has its file and line. A key K of a profile is ``awsvault_K`` if that is set, otherwise ``K``; the credentials
file wins over the config file (docs/resolution.md).
"""

from __future__ import annotations

import os

from vault import errors
from vault.limits import MAX_CONFIG_FILE, MAX_INCLUDES
from vault.profiles.ini_parser import parse
from vault.records import NamedTuple
from vault.system.paths import substituted
from vault.text import safe, suggestion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.profiles.ini import ParseNote, Section, Sections

PREFIX = "awsvault_"
STATIC = ("aws_access_key_id", "aws_secret_access_key")
_OWN_ONLY = (*STATIC, "aws_session_token", "aws_security_token", "aws_account_id", "include_profile")


class Origin(NamedTuple):
    """Where a value is set: a file and line, or (line 0) an environment variable."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{safe(self.path)}:{self.line}" if self.line else self.path


class Setting(NamedTuple):
    """One value, the name that the file has for it, and its place."""

    name: str
    value: str
    origin: Origin


class Profile(NamedTuple):
    """One profile: its section in each file, and the profiles that it includes, nearest first."""

    name: str
    config: Section | None
    credentials: Section | None
    paths: tuple[str, str]
    included: tuple[Profile, ...] = ()

    @property
    def origin(self) -> Origin:
        """The place of the profile's header: in the config file, otherwise in the credentials file."""
        if self.config is not None:
            return Origin(self.paths[0], self.config.line)
        return Origin(self.paths[1], self.credentials.line if self.credentials is not None else 0)

    def own(self, name: str) -> Setting | None:
        """The value of exactly ``name`` in this profile, without included profiles."""
        for section, path in ((self.credentials, self.paths[1]), (self.config, self.paths[0])):
            found = section.properties.get(name) if section is not None else None
            if found is not None:
                return Setting(name, found.value, Origin(path, found.line))
        return None

    def get(self, key: str) -> Setting | None:
        """``awsvault_KEY`` if it is set, otherwise ``KEY``; then the same in the included profiles."""
        found = self.own(PREFIX + key) or self.own(key)
        if found is None and key not in _OWN_ONLY:
            for other in self.included:
                found = other.own(PREFIX + key) or other.own(key)
                if found is not None:
                    break
        return found

    def prefixed(self, key: str) -> Setting | None:
        """``awsvault_KEY`` only: for keys that only awsvault-py has."""
        found = self.own(PREFIX + key)
        for other in self.included if found is None else ():
            found = found or other.own(PREFIX + key)
        return found

    def plain(self, key: str) -> Setting | None:
        """``KEY`` as an SDK reads it: no prefix, no included profiles."""
        return self.own(key)


class Config(NamedTuple):
    """Both files. Made by ``load`` or ``merge``."""

    config_path: str
    credentials_path: str
    profiles: dict[str, tuple[Section | None, Section | None]]
    sso_sessions: dict[str, Section]
    services: dict[str, Section]
    notes: tuple[ParseNote, ...]

    def profile(self, name: str) -> Profile | None:
        """The profile with exactly this name and what it includes, or None. ConfigError."""
        if name not in self.profiles:
            return None
        return self._bare(name)._replace(included=self._included(self._bare(name)))

    def _bare(self, name: str) -> Profile:
        config, credentials = self.profiles[name]
        return Profile(name, config, credentials, (self.config_path, self.credentials_path))

    def _included(self, profile: Profile) -> tuple[Profile, ...]:
        seen, found = [profile.name], []
        at = profile
        while (wanted := at.own(PREFIX + "include_profile") or at.own("include_profile")) is not None:
            if wanted.value in seen or len(seen) > MAX_INCLUDES:
                loop = " -> ".join(safe(name) for name in (*seen[:10], wanted.value))
                raise errors.ConfigError(
                    f"{wanted.origin}: include_profile loop: {loop}",
                    hint="remove include_profile from one of these profiles",
                )
            if wanted.value not in self.profiles:
                raise errors.ConfigError(
                    f"{wanted.origin}: include_profile names {safe(wanted.value)}, which does not exist",
                    hint=self.suggestion(wanted.value),
                )
            seen.append(wanted.value)
            at = self._bare(wanted.value)
            found.append(at)
        return tuple(found)

    def ignored_header(self, name: str) -> ParseNote | None:
        """The note about a header that was meant for the profile ``name`` but that no tool reads as such, or None."""
        return next((note for note in self.notes if note.intended == name), None)

    def suggestion(self, name: str) -> str | None:
        """A hint for a missing profile: why its header is not read, or the most similar name; or None."""
        found = self.ignored_header(name)
        if found is not None:
            return f"{safe(found.path)}:{found.line}: {found.message}"
        return suggestion(name, self.profiles)

    def not_found(self, name: str, *, given: str = "") -> errors.NotFound:
        """The error for a profile that neither file has. ``given`` says where its name was given."""
        return errors.NotFound(
            f"{given}no profile {safe(name)!r} in {safe(self.config_path)} or {safe(self.credentials_path)}",
            hint=self.suggestion(name) or "run: awsvault-py list",
        )

    def starting_with(self, start: str) -> tuple[str, ...]:
        """The profile ``start`` itself, otherwise all profiles whose names start with it. For commands that users type,
        never for export.
        """
        if start in self.profiles:
            return (start,)
        return tuple(sorted(name for name in self.profiles if name.startswith(start)))


class Locations(NamedTuple):
    """The paths of the two files."""

    config: str
    credentials: str


def locations(
    env: Mapping[str, str], *, home: str | None = None, windows: bool = os.name == "nt"
) -> Locations:
    """Where the two files are. ``home`` is the account's home folder, the fallback if the environment names none.

    AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE may contain ``~`` and variables, as in botocore. An empty variable
    counts as unset.
    """
    base = env.get("HOME")
    if not base and windows:
        base = env.get("USERPROFILE") or (env.get("HOMEDRIVE", "") + env.get("HOMEPATH", ""))
    base = base or home or ("C:\\" if windows else "/")
    mark = "\\" if windows else "/"
    folder = f"{base.rstrip(mark) or base}{mark}.aws{mark}"
    return Locations(
        _expand(env.get("AWS_CONFIG_FILE"), env, base) or folder + "config",
        _expand(env.get("AWS_SHARED_CREDENTIALS_FILE"), env, base) or folder + "credentials",
    )


def expand(path: str, *, env: Mapping[str, str], home: str) -> str:
    """``path`` with a leading ``~`` and the variables of ``env`` replaced; unknown variables stay."""
    if "$" in path:
        path = substituted(path, env)
    if path == "~" or path[:2] in ("~/", "~\\"):
        return home.rstrip("/\\") + path[1:]
    return os.path.expanduser(path) if path[:1] == "~" else path


def _expand(path: str | None, env: Mapping[str, str], home: str) -> str | None:
    return expand(path, env=env, home=home) if path else None


def selected(env: Mapping[str, str]) -> str:
    """The profile that the environment selects: AWS_PROFILE, AWS_DEFAULT_PROFILE, otherwise "default".

    AWS CLI v1 and boto3 read the two variables in the other order; ``doctor`` reports it if they differ.
    """
    return env.get("AWS_PROFILE") or env.get("AWS_DEFAULT_PROFILE") or "default"


def merge(config: Sections, credentials: Sections) -> Config:
    """Both parsed files as one set of profiles."""
    profiles: dict[str, tuple[Section | None, Section | None]] = {
        name: (section, credentials.profiles.get(name)) for name, section in config.profiles.items()
    }
    for name, section in credentials.profiles.items():
        profiles.setdefault(name, (None, section))
    return Config(
        config.path,
        credentials.path,
        profiles,
        config.sso_sessions,
        config.services,
        config.notes + credentials.notes,
    )


def decode(data: bytes, *, path: str) -> str:
    """The text of one of the files. ConfigError with line and byte if it is not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        start = error.start
    line = data.count(b"\n", 0, start) + 1
    raise errors.ConfigError(
        f"{safe(path)}:{line}: not UTF-8: byte {start + 1} of the file is 0x{data[start]:02x}",
        hint="save the file as UTF-8",
    )


def load(env: Mapping[str, str], *, home: str | None = None) -> Config:
    """Both files, from where ``env`` says they are. A missing file counts as empty.

    ConfigError for a broken file, UnsafeFile for one that other users can write.
    """
    from vault.system.user_files import read_users_file

    at = locations(env, home=home if env.get("HOME") else home or os.path.expanduser("~"))
    parsed = []
    for path, kind in ((at.config, "config"), (at.credentials, "credentials")):
        data = read_users_file(path, limit=MAX_CONFIG_FILE)
        parsed.append(parse(decode(data or b"", path=path), path=path, kind=kind))
    return merge(parsed[0], parsed[1])
