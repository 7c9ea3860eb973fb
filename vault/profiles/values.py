"""Single values of a profile, parsed and checked: numbers, switches, tags, the forms that AWS requires. Pure.

An invalid number or switch is an error (AWS's tools drop it silently). A form that AWS would refuse is a Fault: ``explain``
can still show the chain.
"""

from __future__ import annotations

from vault import errors
from vault.profiles.chain import Fault
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.profiles.aws_files import Origin, Setting

_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
# STS's patterns and lengths (its service model): characters besides letters, digits and _; minimum; maximum.
_SHAPES = {
    "role_session_name": ("+=,.@-", 2, 64),
    "external_id": ("+=,.@:/-", 2, 1224),
    "mfa_serial": ("+=/:,.@-", 9, 256),
    "source_identity": ("+=,.@-", 2, 64),
}
_UNITS = {"s": 1, "m": 60, "h": 3600}
MAX_TAGS = 50


def one_line(setting: Setting | None) -> Setting | None:
    """The setting. ConfigError if its value spans several lines."""
    if setting is not None and "\n" in setting.value:
        raise errors.ConfigError(
            f"{setting.origin}: {safe(setting.name)} spans several lines",
            hint="remove the indentation of the next line",
        )
    return setting


def number(setting: Setting | None, *, least: int, most: int, unit: bool = False) -> int | None:
    """A whole number within bounds, or None without a setting. ``unit`` also accepts 90s, 30m and 12h. ConfigError."""
    if setting is None:
        return None
    text, factor = setting.value, 1
    if unit and text[-1:].lower() in _UNITS:
        text, factor = text[:-1], _UNITS[text[-1:].lower()]
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise errors.ConfigError(
            f"{setting.origin}: {setting.name} must be a number of seconds, not {safe(setting.value)!r}"
        )
    value = int(text) * factor
    if not least <= value <= most:
        raise errors.ConfigError(
            f"{setting.origin}: {setting.name} must be {least} to {most} seconds, not {value}"
        )
    return value


def switch(setting: Setting | None, *, default: bool) -> bool:
    """true, yes, on, 1 or their opposites. ConfigError for anything else."""
    if setting is None:
        return default
    match setting.value.lower():
        case "true" | "yes" | "on" | "1":
            return True
        case "false" | "no" | "off" | "0":
            return False
        case _:
            raise errors.ConfigError(
                f"{setting.origin}: {setting.name} must be on or off, not {safe(setting.value)!r}"
            )


def choice(setting: Setting | None, known: tuple[str, ...]) -> str:
    """One of ``known``, in lower case; the first is the default. ConfigError for anything else."""
    if setting is None:
        return known[0]
    value = setting.value.lower()
    if value in known:
        return value
    raise errors.ConfigError(
        f"{setting.origin}: {setting.name} must be {', '.join(known[:-1])} or {known[-1]}, not {safe(setting.value)!r}"
    )


def pairs(setting: Setting | None) -> tuple[tuple[str, str], ...]:
    """``k1=v1, k2=v2`` as pairs, in order. ConfigError for a part without ``=`` and for a repeated key."""
    found: list[tuple[str, str]] = []
    for part in items(setting):
        key, equals, value = part.partition("=")
        key = key.strip()
        if setting is not None and (not equals or not key):
            raise errors.ConfigError(f"{setting.origin}: {setting.name}: {safe(part)!r} is not key=value")
        if setting is not None and any(key == known for known, _ in found):
            raise errors.ConfigError(f"{setting.origin}: {setting.name} sets {safe(key)!r} twice")
        found.append((key, value.strip()))
    return tuple(found)


def items(setting: Setting | None) -> tuple[str, ...]:
    """``a, b`` as a tuple without empty parts."""
    if setting is None:
        return ()
    return tuple(part.strip() for part in setting.value.replace("\n", ",").split(",") if part.strip())


def account_of(arn: str) -> str | None:
    """The account of an ARN, or None if it has none."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) > 4 and is_account(parts[4]) else None


def is_account(text: object) -> bool:
    """Whether ``text`` is an account ID: 12 digits."""
    return isinstance(text, str) and len(text) == 12 and text.isascii() and text.isdigit()


def is_role_arn(arn: str) -> bool:
    """Whether ``arn`` has the form of a role's ARN."""
    parts = arn.split(":", 5)
    return (
        len(parts) == 6
        and parts[0] == "arn"
        and parts[1].startswith("aws")
        and parts[2] == "iam"
        and not parts[3]
        and account_of(arn) is not None
        and parts[5].startswith("role/")
        and len(parts[5]) > len("role/")
        and arn.isascii()
        and arn.isprintable()
        and " " not in arn
        and len(arn) <= 2048
    )


def role_fault(arn: str, origin: Origin) -> Fault | None:
    """Why AWS would refuse ``arn`` as the ARN of a role, or None."""
    if is_role_arn(arn):
        return None
    return Fault(
        f"{origin}: role_arn {safe(arn)!r} is not of the form arn:aws:iam::ACCOUNT:role/NAME", origin
    )


def shape_fault(field: str, setting: Setting | None) -> Fault | None:
    """Why AWS would refuse this value of ``field``, or None."""
    if setting is None:
        return None
    extra, least, most = _SHAPES[field]
    value = setting.value
    if not least <= len(value) <= most:
        return Fault(
            f"{setting.origin}: {field} has {len(value)} characters, but AWS allows {least} to {most}",
            setting.origin,
        )
    if not _WORD.union(extra).issuperset(value):
        return Fault(
            f"{setting.origin}: {field} {safe(value)!r} has invalid characters: AWS allows letters, digits and _{extra}",
            setting.origin,
        )
    return None


def device_fault(setting: Setting | None, entry: str | None) -> Fault | None:
    """Why AWS would accept no code of this device, or None. ``entry`` is the vault's entry if that is the source."""
    if setting is None:
        return None
    shown = f"{setting.origin}: mfa_serial {safe(setting.value)}"
    if ":u2f/" in setting.value:
        add = f"to add one, run: {command('mfa enroll', entry)}" if entry is not None else "add one at AWS"
        hint = f"use a virtual device, which a user can have besides a security key; {add}"
        return Fault(f"{shown} is a FIDO security key, which cannot give codes", setting.origin, hint)
    if "/" in setting.value and not setting.value.startswith("arn:"):
        hint = "write the whole ARN, such as arn:aws:iam::111111111111:mfa/NAME"
        return Fault(f"{shown} is only a part of an ARN", setting.origin, hint)
    return shape_fault("mfa_serial", setting)


def tag_fault(tags: tuple[tuple[str, str], ...], transitive: tuple[str, ...], origin: Origin) -> Fault | None:
    """Why AWS would refuse these session tags, or None."""
    if len(tags) > MAX_TAGS:
        return Fault(f"{origin}: {len(tags)} session tags, but AWS allows {MAX_TAGS}", origin)
    for key, value in tags:
        if len(key) > 128 or len(value) > 256:
            return Fault(
                f"{origin}: session tag {safe(key, limit=40)!r} is too long: AWS allows 128 characters for a key and 256 for a value",
                origin,
            )
    missing = next((key for key in transitive if all(key != known for known, _ in tags)), None)
    if missing is not None:
        return Fault(
            f"{origin}: transitive_session_tags names {safe(missing)!r}, which is not a session tag", origin
        )
    return None


# The keys that can have the prefix: those of AWS that decide a chain, and those that only awsvault-py has.
KNOWN = (
    "role_arn", "source_profile", "credential_source", "credential_process", "web_identity_token_file",
    "web_identity_token_process", "sso_session", "sso_start_url", "sso_region", "sso_account_id", "sso_role_name",
    "login_session", "mfa_serial", "mfa_process", "external_id", "role_session_name", "duration_seconds", "region",
    "source_identity", "session_tags", "transitive_session_tags", "include_profile", "endpoint_url", "services",
    "ignore_configured_endpoint_urls", "sts_regional_endpoints", "use_fips_endpoint", "use_dualstack_endpoint",
    "ec2_metadata_service_endpoint", "ec2_metadata_service_endpoint_mode", "aws_account_id", "ca_bundle", "credential", "session",
    "session_duration", "confirm", "max_duration", "read_only", "policy_file", "policy_arns",
    "environment", "sso_generated",
)  # fmt: skip
