"""Lines of a profile that have no effect: indented keys, misspelled names, other programs' keys. Pure.

Every error about something missing goes through ``missing``, so that it names what the profile has instead. No value is
shown: it may be a secret.
"""

from __future__ import annotations

from vault import errors
from vault.limits import UNREAD_SHOWN
from vault.profiles import values
from vault.profiles.aws_files import PREFIX, STATIC, Origin
from vault.profiles.chain import Fault
from vault.records import NamedTuple
from vault.text import nearest, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.profiles.aws_files import Config, Profile
    from vault.profiles.ini import Property, Section

# Keys of other programs: which program reads them, and what to use instead.
_OTHERS = {
    "aws_mfa_device": ("aws-mfa reads", "mfa_serial"),
    "parent_profile": ("old versions of aws-vault read", "include_profile"),
}
# No tool reads these without the prefix.
_GUARDRAILS = ("confirm", "max_duration", "read_only", "policy_file", "policy_arns")
_OWN = (*_GUARDRAILS, "session_duration")
# Keys that AWS's tools know and that do not decide credentials: never a misspelling of one that does.
_AWS = frozenset(
    [
        *STATIC, "aws_session_token", "aws_security_token", "sso_registration_scopes", "output", "account_id_endpoint_mode",
        "api_versions", "auth_scheme_preference", "defaults_mode", "ec2_metadata_v1_disabled", "max_attempts", "retry_mode",
        "metadata_service_num_attempts", "metadata_service_timeout", "parameter_validation", "s3", "sdk_ua_app_id",
    ]
)  # fmt: skip
_DECISIVE = (*STATIC, "aws_session_token", *values.KNOWN[: values.KNOWN.index("credential")])
_SOURCES = (*STATIC, "aws_session_token", *values.KNOWN[: values.KNOWN.index("mfa_process")])
_ALL = _AWS.union(values.KNOWN)
_LENGTHS = 3  # a misspelling makes a name at most this much longer or shorter
_LIKE = 0.85  # and leaves it this similar, as difflib counts


class Unread(NamedTuple):
    """A line without the intended effect: what it is, and the fix.

    ``grave``: an important key has no effect. ``certain``: no other tool reads such a name either, so it is a mistake: a name with the
    prefix, or that of a guard rail, which would silently not apply.
    """

    origin: Origin
    what: str
    fix: str
    grave: bool = False
    certain: bool = False

    @property
    def message(self) -> str:
        """``what`` with its place."""
        return f"{self.origin}: {self.what}"


def unread(config: Config, profile: Profile) -> list[Unread]:
    """The lines without effect in the profile and in the profiles it includes, in order of their places."""
    found = [one for each in (profile, *profile.included) for one in _of_profile(each)]
    found += _of_headers(config, profile)
    return sorted(set(found), key=lambda one: one.origin)


def misspelled(profile: Profile) -> list[Fault]:
    """The profile's keys with the prefix that do not exist, and its guard rails without the prefix."""
    own = [one for one in _of_profile(profile) if one.certain]
    return [
        Fault(f"{one.message}{'; ' + one.fix if one.fix.endswith('?') else ''}", one.origin) for one in own
    ]


def missing(
    config: Config, profile: Profile, message: str, *, more: str = "", hint: str | None = None
) -> errors.ConfigError:
    """The error about something missing, with the lines that have no effect, or with ``more`` if there are none."""
    found = unread(config, profile)
    if not found:
        return errors.ConfigError(message + more, hint=hint)
    shown = "; ".join(one.message for one in found[:UNREAD_SHOWN])
    return errors.ConfigError(f"{message}. Lines without effect: {shown}", hint=found[0].fix)


def _of_profile(profile: Profile) -> Iterator[Unread]:
    for section, path in ((profile.config, profile.paths[0]), (profile.credentials, profile.paths[1])):
        yield from _of_section(section, path) if section is not None else ()


def _of_section(section: Section, path: str) -> Iterator[Unread]:
    for found in section.properties.values():
        yield from _indented(found, path)
        one = _name(found.name)
        if one is not None:
            yield Unread(Origin(path, found.line), *one)
    for name, line in section.bad_names:
        what = f"{safe(name, limit=60)!r} is not a valid name for a key"
        yield Unread(Origin(path, line), what, "correct the name", grave=_holds_key(name))


def _indented(found: Property, path: str) -> Iterator[Unread]:
    """Lines that their indentation makes part of the value above, and that would be keys without it."""
    known = _SOURCES if found.value[:1] == "\n" else _ALL  # a block has its own keys, such as endpoint_url
    for line, text in found.parts:
        name, equals, _ = text.partition("=")
        name = name.strip().lower()
        if equals and name.removeprefix(PREFIX) in known:
            what = f"{name} is indented, so it is part of {found.name} (line {found.line})"
            yield Unread(Origin(path, line), what, "remove the indentation of the line", grave=True)


def _name(name: str) -> tuple[str, str, bool, bool] | None:
    """What is wrong with a property's name: the fields of Unread after the place. None if the name is right."""
    shown = safe(name, limit=60)
    if name.startswith(PREFIX):
        key = name.removeprefix(PREFIX)
        if key in values.KNOWN:
            return None
        near = nearest(key, list(values.KNOWN))
        fix = f"did you mean {PREFIX}{near}?" if near is not None else "correct the name, or remove the line"
        return f"{shown} is not a known key", fix, True, True
    if name in _OTHERS:
        program, key = _OTHERS[name]
        return f"only {program} {shown}", f"use {key} instead", False, False
    if name in _OWN:
        rail = name in _GUARDRAILS
        return f"{shown} has no effect without its prefix", f"did you mean {PREFIX}{name}?", rail, rail
    if name in _DECISIVE or name in _AWS:
        return None
    near = nearest(name, [key for key in _DECISIVE if abs(len(key) - len(name)) <= _LENGTHS], cutoff=_LIKE)
    if near is None:
        return None
    return f"{shown} is not a known key", f"did you mean {near}?", False, False


def _holds_key(name: str) -> bool:
    return any(key in name for key in _DECISIVE)


def _of_headers(config: Config, profile: Profile) -> Iterator[Unread]:
    """A header that was meant for the profile and has no effect."""
    note = config.ignored_header(profile.name)
    if note is not None:
        yield Unread(Origin(note.path, note.line), note.message, "correct the header", grave=True)
