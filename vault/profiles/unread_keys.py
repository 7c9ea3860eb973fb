"""What stands on a profile's lines and is read by nobody: indented keys, misspelt names, other programs' keys. Pure.

Every error that says something is missing goes through ``missing``, so that what was found instead is said with it. No
value is shown: it may be a secret.
"""

from __future__ import annotations

from typing import NamedTuple

from vault import errors
from vault.limits import UNREAD_SHOWN
from vault.profiles import values
from vault.profiles.aws_files import PREFIX, STATIC, Origin
from vault.profiles.chain import Fault
from vault.text import nearest, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.profiles.aws_files import Config, Profile
    from vault.profiles.ini import Property, Section

# Keys of programs that users come from: who reads them, and what to write.
_OTHERS = {
    "aws_mfa_device": ("aws-mfa", "mfa_serial"),
    "parent_profile": ("old versions of aws-vault", "include_profile"),
}
_RAILS = ("confirm", "max_duration", "read_only", "session_duration")  # nobody reads these without our prefix
# Keys that AWS's tools know and that decide no credentials: never a slip for one that does.
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
_LENGTHS = 3  # a slip of the pen makes a name no longer or shorter than this
_LIKE = 0.85  # and leaves this much of it, as difflib counts


class Unread(NamedTuple):
    """A line that nobody reads as it is meant: what it is, and what to do.

    ``grave``: a key that counts is lost by it. ``prefixed``: it has our prefix, so no other tool may know it.
    """

    origin: Origin
    what: str
    fix: str
    grave: bool = False
    prefixed: bool = False

    @property
    def message(self) -> str:
        """With its place before it."""
        return f"{self.origin}: {self.what}"


def unread(config: Config, profile: Profile) -> list[Unread]:
    """Such lines of the profile and of those that it includes, in the order of their places."""
    found = [one for each in (profile, *profile.included) for one in _of_profile(each)]
    found += _of_headers(config, profile)
    return sorted(set(found), key=lambda one: one.origin)


def misspelt(profile: Profile) -> list[Fault]:
    """The profile's keys with our prefix that mean nothing: no other tool has them, so each is a mistake."""
    own = [one for one in _of_profile(profile) if one.prefixed]
    return [
        Fault(f"{one.message}{'; ' + one.fix if one.fix.endswith('?') else ''}", one.origin) for one in own
    ]


def missing(
    config: Config, profile: Profile, message: str, *, more: str = "", hint: str | None = None
) -> errors.ConfigError:
    """The error that something is missing, with what the profile's lines hold instead, or else with ``more``."""
    found = unread(config, profile)
    if not found:
        return errors.ConfigError(message + more, hint=hint)
    shown = "; ".join(one.message for one in found[:UNREAD_SHOWN])
    return errors.ConfigError(f"{message}. Not understood: {shown}", hint=found[0].fix)


def _of_profile(profile: Profile) -> Iterator[Unread]:
    for section, path in ((profile.config, profile.paths[0]), (profile.credentials, profile.paths[1])):
        yield from _of_section(section, path) if section is not None else ()


def _of_section(section: Section, path: str) -> Iterator[Unread]:
    for held in section.properties.values():
        yield from _indented(held, path)
        one = _name(held.name)
        if one is not None:
            yield Unread(Origin(path, held.line), *one)
    for name, line in section.bad_names:
        what = f"{safe(name, limit=60)!r} is no name of a property"
        yield Unread(Origin(path, line), what, "correct the name", grave=_holds_key(name))


def _indented(held: Property, path: str) -> Iterator[Unread]:
    """Lines that are a part of the value above by their indentation, and that would be keys at the left edge."""
    known = (
        _SOURCES if held.value[:1] == "\n" else _ALL
    )  # a block has keys of its own, endpoint_url among them
    for line, text in held.parts:
        name, equals, _ = text.partition("=")
        name = name.strip().lower()
        if equals and name.removeprefix(PREFIX) in known:
            what = f"{name} is indented, so it is a part of {held.name} (line {held.line})"
            yield Unread(Origin(path, line), what, "start the line at its left edge", grave=True)


def _name(name: str) -> tuple[str, str, bool, bool] | None:
    """What is wrong with a property's name, as Unread has it behind the place; None where nothing is."""
    shown = safe(name, limit=60)
    if name.startswith(PREFIX):
        ours = name.removeprefix(PREFIX)
        if ours in values.KNOWN:
            return None
        near = nearest(ours, list(values.KNOWN))
        fix = f"did you mean {PREFIX}{near}?" if near is not None else "correct its name, or remove it"
        return f"{shown} is no key that is known", fix, True, True
    if name in _OTHERS:
        whose, key = _OTHERS[name]
        return f"{shown} is read by {whose} alone", f"write it as {key}", False, False
    if name in _RAILS:
        return f"{shown} is read by nobody without its prefix", f"did you mean {PREFIX}{name}?", False, False
    if name in _DECISIVE or name in _AWS:
        return None
    near = nearest(name, [key for key in _DECISIVE if abs(len(key) - len(name)) <= _LENGTHS], cutoff=_LIKE)
    if near is None:
        return None
    return f"{shown} is no key that is known", f"did you mean {near}?", False, False


def _holds_key(name: str) -> bool:
    return any(key in name for key in _DECISIVE)


def _of_headers(config: Config, profile: Profile) -> Iterator[Unread]:
    """A header that was meant for the profile and is not read."""
    note = config.ignored(profile.name)
    if note is not None:
        yield Unread(Origin(note.path, note.line), note.message, "correct the header", grave=True)
