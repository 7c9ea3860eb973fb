"""AWS's config and credentials file as one set of profiles. The only thing read is the two files named.

A value knows the file and line it stands on. A key K of a profile is read as ``awsvault_K`` where that is there,
else as ``K``; of two files the credentials file wins (docs/resolution.md).
"""

from __future__ import annotations

import os
from typing import NamedTuple

from vault import errors
from vault.limits import MAX_CONFIG_FILE, MAX_INCLUDES
from vault.profiles.ini_parser import parse
from vault.system.paths import substituted
from vault.text import meant, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.profiles.ini import ParseNote, Section, Sections

PREFIX = "awsvault_"
STATIC = ("aws_access_key_id", "aws_secret_access_key")
_OWN_ONLY = (*STATIC, "aws_session_token", "aws_security_token", "aws_account_id", "include_profile")


class Origin(NamedTuple):
    """Where a value stands: a file and line, or (line 0) an environment variable."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{safe(self.path)}:{self.line}" if self.line else self.path


class Setting(NamedTuple):
    """One value, the name it is written under, and where. ``parts`` as in Property."""

    name: str
    value: str
    origin: Origin


class Profile(NamedTuple):
    """One profile: its section in either file, and the profiles it includes, nearest first."""

    name: str
    config: Section | None
    credentials: Section | None
    paths: tuple[str, str]
    included: tuple[Profile, ...] = ()

    @property
    def origin(self) -> Origin:
        """Where the profile opens: its config section, else its credentials section."""
        if self.config is not None:
            return Origin(self.paths[0], self.config.line)
        return Origin(self.paths[1], self.credentials.line if self.credentials is not None else 0)

    def own(self, name: str) -> Setting | None:
        """The value written in this profile under exactly ``name``."""
        for section, path in ((self.credentials, self.paths[1]), (self.config, self.paths[0])):
            found = section.properties.get(name) if section is not None else None
            if found is not None:
                return Setting(name, found.value, Origin(path, found.line))
        return None

    def get(self, key: str) -> Setting | None:
        """``awsvault_KEY`` if it is there, else ``KEY``; then the same in the included profiles."""
        found = self.own(PREFIX + key) or self.own(key)
        if found is None and key not in _OWN_ONLY:
            for other in self.included:
                found = other.own(PREFIX + key) or other.own(key)
                if found is not None:
                    break
        return found

    def prefixed(self, key: str) -> Setting | None:
        """``awsvault_KEY`` only: the keys that no other tool has."""
        found = self.own(PREFIX + key)
        for other in self.included if found is None else ():
            found = found or other.own(PREFIX + key)
        return found

    def plain(self, key: str) -> Setting | None:
        """``KEY`` as an SDK reads it: no prefix, nothing included."""
        return self.own(key)


class Config(NamedTuple):
    """Both files. Build it by ``load`` or ``merge``."""

    config_path: str
    credentials_path: str
    profiles: dict[str, tuple[Section | None, Section | None]]
    sso_sessions: dict[str, Section]
    services: dict[str, Section]
    notes: tuple[ParseNote, ...]

    def profile(self, name: str) -> Profile | None:
        """The profile of exactly this name with what it includes, or None. Raises ConfigError."""
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
                way = " -> ".join(safe(name) for name in (*seen[:10], wanted.value))
                raise errors.ConfigError(f"{wanted.origin}: include_profile goes in a circle: {way}")
            if wanted.value not in self.profiles:
                raise errors.ConfigError(
                    f"{wanted.origin}: include_profile names {safe(wanted.value)}, which is not there",
                    hint=self.meant(wanted.value),
                )
            seen.append(wanted.value)
            at = self._bare(wanted.value)
            found.append(at)
        return tuple(found)

    def ignored(self, name: str) -> ParseNote | None:
        """The note of a header that is not read and was meant for a profile of this name, or None."""
        shown = safe(name)
        headers = f"[profile {shown}] is ignored", f"[{shown}] is ignored"
        for note in self.notes:
            elsewhere = note.message.startswith(f"[profile {shown}]: ") and note.message.endswith(
                f"[{shown}]"
            )
            if elsewhere or note.message.startswith(headers):
                return note
        return None

    def meant(self, name: str) -> str | None:
        """A hint that says why the profile ``name`` is not read, or names the one most like it; or None."""
        found = self.ignored(name)
        if found is not None:
            return f"{safe(found.path)}:{found.line}: {found.message}"
        return meant(name, self.profiles)

    def starting_with(self, start: str) -> tuple[str, ...]:
        """The profile ``start`` itself, else all that start so: for commands typed by people, never for export."""
        if start in self.profiles:
            return (start,)
        return tuple(sorted(name for name in self.profiles if name.startswith(start)))


class Locations(NamedTuple):
    """The two files of AWS's tools."""

    config: str
    credentials: str


def locations(
    env: Mapping[str, str], *, home: str | None = None, windows: bool = os.name == "nt"
) -> Locations:
    """Where the two files are. ``home`` is the account's own folder, for where the environment names none.

    AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE may hold ``~`` and variables, as botocore reads them; empty
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
    """``path`` with variables and a leading ``~`` replaced, from ``env`` alone; unknown variables stay."""
    if "$" in path:
        path = substituted(path, env)
    if path == "~" or path[:2] in ("~/", "~\\"):
        return home.rstrip("/\\") + path[1:]
    return os.path.expanduser(path) if path[:1] == "~" else path


def _expand(path: str | None, env: Mapping[str, str], home: str) -> str | None:
    return expand(path, env=env, home=home) if path else None


def selected(env: Mapping[str, str]) -> str:
    """The profile that the environment selects: AWS_PROFILE, AWS_DEFAULT_PROFILE, else "default".

    AWS CLI v1 and boto3 ask the two variables in the other order; ``doctor`` says so where they differ.
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
    """The text of a file of AWS's, which is UTF-8. Raises ConfigError naming the line and byte where it is not."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        start = error.start
    line = data.count(b"\n", 0, start) + 1
    raise errors.ConfigError(
        f"{safe(path)}:{line}: byte {start + 1} of the file is 0x{data[start]:02x}, which is not UTF-8",
        hint="save the file as UTF-8",
    )


def load(env: Mapping[str, str], *, home: str | None = None) -> Config:
    """Both files from where ``env`` puts them; one that is missing counts as empty.

    Raises ConfigError for a broken file and UnsafeFile for one that others may write.
    """
    from vault.system.user_files import read_users_file

    at = locations(env, home=home if env.get("HOME") else home or os.path.expanduser("~"))
    parsed = []
    for path, kind in ((at.config, "config"), (at.credentials, "credentials")):
        data = read_users_file(path, limit=MAX_CONFIG_FILE)
        parsed.append(parse(decode(data or b"", path=path), path=path, kind=kind))
    return merge(parsed[0], parsed[1])
