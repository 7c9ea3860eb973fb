"""Single values of a profile, parsed and checked: numbers, switches, tags, shapes that AWS demands. Pure.

A number or switch that cannot be one is an error (AWS's tools drop it in silence). A shape that AWS would refuse is a
Fault: the chain can still be shown.
"""

from __future__ import annotations

from vault import errors
from vault.profiles.chain import Fault
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.profiles.aws_files import Origin, Setting

_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
# STS's own patterns and lengths (its service model): characters beside letters, digits and _; least; most.
_SHAPES = {
    "role_session_name": ("+=,.@-", 2, 64),
    "external_id": ("+=,.@:/-", 2, 1224),
    "mfa_serial": ("+=/:,.@-", 9, 256),
    "source_identity": ("+=,.@-", 2, 64),
}
_UNITS = {"s": 1, "m": 60, "h": 3600}
MAX_TAGS = 50


def one_line(setting: Setting | None) -> Setting | None:
    """The setting, refused where it runs over several lines. Raises ConfigError."""
    if setting is not None and "\n" in setting.value:
        raise errors.ConfigError(
            f"{setting.origin}: {safe(setting.name)} runs over several lines",
            hint="start the next line at its left edge",
        )
    return setting


def number(setting: Setting | None, *, least: int, most: int, unit: bool = False) -> int | None:
    """A whole number within bounds, or None where there is no setting. ``unit`` takes 90s, 30m and 12h too."""
    if setting is None:
        return None
    text, factor = setting.value, 1
    if unit and text[-1:].lower() in _UNITS:
        text, factor = text[:-1], _UNITS[text[-1:].lower()]
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise errors.ConfigError(
            f"{setting.origin}: {setting.name} is {safe(setting.value)!r}, which is not a number of seconds"
        )
    value = int(text) * factor
    if not least <= value <= most:
        raise errors.ConfigError(
            f"{setting.origin}: {setting.name} is {value}, not within {least} to {most} seconds"
        )
    return value


def switch(setting: Setting | None, *, default: bool) -> bool:
    """true, yes, on, 1 or their opposites. Raises ConfigError for anything else."""
    if setting is None:
        return default
    match setting.value.lower():
        case "true" | "yes" | "on" | "1":
            return True
        case "false" | "no" | "off" | "0":
            return False
        case _:
            raise errors.ConfigError(
                f"{setting.origin}: {setting.name} is {safe(setting.value)!r}, not on or off"
            )


def choice(setting: Setting | None, known: tuple[str, ...]) -> str:
    """One of ``known`` in small letters, whose first is the default. Raises ConfigError for anything else."""
    if setting is None:
        return known[0]
    value = setting.value.lower()
    if value in known:
        return value
    raise errors.ConfigError(
        f"{setting.origin}: {setting.name} is {safe(setting.value)!r}, not {', '.join(known[:-1])} or {known[-1]}"
    )


def pairs(setting: Setting | None) -> tuple[tuple[str, str], ...]:
    """``k1=v1, k2=v2`` as pairs, in order. Raises ConfigError for a part without ``=`` and for a key twice."""
    found: list[tuple[str, str]] = []
    for part in items(setting):
        key, equals, value = part.partition("=")
        key = key.strip()
        if setting is not None and (not equals or not key):
            raise errors.ConfigError(f"{setting.origin}: {setting.name}: {safe(part)!r} is not key=value")
        if setting is not None and any(key == known for known, _ in found):
            raise errors.ConfigError(f"{setting.origin}: {setting.name} has {safe(key)!r} twice")
        found.append((key, value.strip()))
    return tuple(found)


def items(setting: Setting | None) -> tuple[str, ...]:
    """``a, b`` as a tuple without empty parts."""
    if setting is None:
        return ()
    return tuple(part.strip() for part in setting.value.replace("\n", ",").split(",") if part.strip())


def account_of(arn: str) -> str | None:
    """The account in an ARN, or None where it names none."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) > 4 and is_account(parts[4]) else None


def is_account(text: object) -> bool:
    """Whether ``text`` is an account's 12 digits."""
    return isinstance(text, str) and len(text) == 12 and text.isascii() and text.isdigit()


def role_fault(arn: str, origin: Origin) -> Fault | None:
    """Why AWS would refuse ``arn`` as a role's, or None."""
    parts = arn.split(":", 5)
    fine = (
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
    if fine:
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
            f"{setting.origin}: {field} has {len(value)} characters, AWS takes {least} to {most}",
            setting.origin,
        )
    if not _WORD.union(extra).issuperset(value):
        return Fault(
            f"{setting.origin}: {field} {safe(value)!r} may hold letters, digits and _{extra} only",
            setting.origin,
        )
    return None


def device_fault(setting: Setting | None, entry: str | None) -> Fault | None:
    """Why AWS would take no code of this device, or None. ``entry`` is the vault's key at the source, if it is one."""
    if setting is None:
        return None
    shown = f"{setting.origin}: mfa_serial {safe(setting.value)}"
    if ":u2f/" in setting.value:
        way = f"add one with: {command('mfa enroll', entry)}" if entry is not None else "add one at AWS"
        hint = f"name a virtual device there, which a user may have beside it; {way}"
        return Fault(f"{shown} is a FIDO security key, which gives no codes to STS", setting.origin, hint)
    if "/" in setting.value and not setting.value.startswith("arn:"):
        hint = "write the whole ARN, as in arn:aws:iam::111111111111:mfa/NAME"
        return Fault(f"{shown} is a part of an ARN", setting.origin, hint)
    return shape_fault("mfa_serial", setting)


def tag_fault(tags: tuple[tuple[str, str], ...], transitive: tuple[str, ...], origin: Origin) -> Fault | None:
    """Why AWS would refuse these session tags, or None."""
    if len(tags) > MAX_TAGS:
        return Fault(f"{origin}: {len(tags)} session tags, AWS takes {MAX_TAGS}", origin)
    for key, value in tags:
        if len(key) > 128 or len(value) > 256:
            return Fault(
                f"{origin}: session tag {safe(key, limit=40)!r} is too long for AWS (128, 256)", origin
            )
    missing = next((key for key in transitive if all(key != known for known, _ in tags)), None)
    if missing is not None:
        return Fault(
            f"{origin}: transitive_session_tags names {safe(missing)!r}, which is no session tag", origin
        )
    return None


# What may carry our prefix: AWS's keys that decide a chain, and those that no other tool has.
KNOWN = (
    "role_arn", "source_profile", "credential_source", "credential_process", "web_identity_token_file",
    "web_identity_token_process", "sso_session", "sso_start_url", "sso_region", "sso_account_id", "sso_role_name",
    "login_session", "mfa_serial", "mfa_process", "external_id", "role_session_name", "duration_seconds", "region",
    "source_identity", "session_tags", "transitive_session_tags", "include_profile", "endpoint_url", "services",
    "ignore_configured_endpoint_urls", "sts_regional_endpoints", "use_fips_endpoint", "use_dualstack_endpoint",
    "ec2_metadata_service_endpoint", "ec2_metadata_service_endpoint_mode", "aws_account_id", "ca_bundle", "credential", "session",
    "session_duration", "confirm", "max_duration", "read_only", "environment",
)  # fmt: skip
