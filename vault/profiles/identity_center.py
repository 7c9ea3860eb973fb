"""A profile's IAM Identity Center keys as a source: which keys make it one, what is missing, what contradicts. Pure.

Credentials need an account and a role. An sso_session without them is for tokens: any other source of the profile takes
precedence, as in botocore, but not a vault key that is only assumed.
"""

from __future__ import annotations

from vault import errors
from vault.profiles.aws_files import Config, Origin, Profile, Setting
from vault.profiles.chain import Sso
from vault.profiles.unread_keys import missing
from vault.text import command, safe, suggestion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.profiles.ini import Section

    Get = Callable[[str], Setting | None]

_ROLE = ("sso_account_id", "sso_role_name")
_PLACE = ("sso_start_url", "sso_region")
_KEYS = ("sso_session", *_ROLE, *_PLACE)


def first_role_key(get: Get) -> Setting | None:
    """The first key that names a role of Identity Center, or None."""
    return get(_ROLE[0]) or get(_ROLE[1])


def first_key(get: Get) -> Setting | None:
    """The first key that names Identity Center as the source, or None. A URL or a region alone does not."""
    return first_role_key(get) or get("sso_session")


def missing_role_keys(source: Sso) -> tuple[str, ...]:
    """The missing keys without which Identity Center gives no credentials."""
    given = (source.account_id, source.role_name)
    return tuple(key for key, value in zip(_ROLE, given, strict=True) if value is None)


def incomplete(profile: str, origin: Origin, keys: tuple[str, ...]) -> str:
    """The message for a profile whose Identity Center keys are not complete."""
    return f"{origin}: profile {safe(profile)} uses IAM Identity Center but lacks {', '.join(keys)}"


def source_of(config: Config, profile: Profile, get: Get, *, complete: bool) -> Sso | None:
    """The profile's source, or None if it has no such key. ``complete``: as AWS's tools read it, so nothing may be missing.

    Without ``complete``, the account or the role may be missing; the chain then has a fault. ConfigError for a section that
    does not exist, values that contradict each other, and a missing URL or region.
    """
    session = get("sso_session")
    named = session or next(filter(None, map(get, _KEYS)), None)
    if named is None:
        return None
    section = _section(config, session)
    found = {key: _agreed(config, key, get(key), section) for key in (*_ROLE, *_PLACE)}
    absent = tuple(key for key, setting in found.items() if setting is None)
    if absent and (complete or any(key in absent for key in _PLACE)):
        raise missing(config, profile, incomplete(profile.name, named.origin, absent))
    texts = {key: setting.value for key, setting in found.items() if setting is not None}
    return Sso(
        profile.name,
        session.value if session is not None else None,
        texts["sso_start_url"],
        texts["sso_region"],
        texts.get("sso_account_id"),
        texts.get("sso_role_name"),
        named.origin,
        "",
    )


def _agreed(config: Config, key: str, here: Setting | None, section: Section | None) -> Setting | None:
    """The value of ``key`` in the profile or its sso-session. ConfigError if they have different values."""
    there = section.properties.get(key) if section is not None else None
    if there is None:
        return here
    if here is None:
        return Setting(key, there.value, Origin(config.config_path, there.line))
    if here.value != there.value:
        raise errors.ConfigError(
            f"{here.origin}: {here.name} is {safe(here.value)!r} here, but {safe(there.value)!r} in the sso-session "
            f"({safe(config.config_path)}:{there.line})"
        )
    return here


def _section(config: Config, session: Setting | None) -> Section | None:
    if session is None:
        return None
    section = config.sso_sessions.get(session.value)
    if section is None:
        raise errors.ConfigError(
            f"{session.origin}: there is no [sso-session {safe(session.value)}] in {safe(config.config_path)}",
            hint=suggestion(session.value, config.sso_sessions),
        )
    return section


def two_sources(profile: str, named: Setting, other: str, *, hint: str) -> errors.ConfigError:
    """The error for a profile that has both Identity Center and a vault key as its source."""
    return errors.ConfigError(
        f"{named.origin}: profile {safe(profile)} has {named.name}, but {other}", hint=hint
    )


def conflict_with_entry(profile: str, get: Get) -> errors.ConfigError | None:
    """The error if the profile names Identity Center and the vault has a key with the profile's name; or None."""
    named = first_key(get)
    if named is None:
        return None
    hint = f"keep one: remove the sso_ lines, or run: {command('remove', profile)}"
    if first_role_key(get) is None:
        hint = f"to use the vault's key, add the line: awsvault_credential = {safe(profile)}"
    return two_sources(profile, named, "the vault has a key with that name", hint=hint)
