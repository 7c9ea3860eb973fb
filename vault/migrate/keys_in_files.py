"""Keys that stand in plaintext in a profile's own lines: whether they can be moved, and whether tools take them first. Pure."""

from __future__ import annotations

from vault import errors
from vault.keys import key_input
from vault.profiles import sdk_precedence
from vault.profiles.aws_files import STATIC
from vault.secret import Secret
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from vault.profiles.aws_files import Config
    from vault.profiles.ini import Section

TOKENS = ("aws_session_token", "aws_security_token")
_KINDS = ("config", "credentials")


def without(config: Config, leaving: Collection[tuple[str, str]]) -> Config:
    """The profiles as they are once the keys of ``leaving`` are taken out: profiles, each with the kind of its file."""
    profiles = dict(config.profiles)
    for name, kind in leaving:
        kept = [
            _bare(section) if section is not None and kind == which else section
            for section, which in zip(profiles[name], _KINDS, strict=True)
        ]
        profiles[name] = (kept[0], kept[1])
    return config._replace(profiles=profiles)


def _bare(section: Section) -> Section:
    return section._replace(properties={k: v for k, v in section.properties.items() if k not in STATIC})


def in_the_way(config: Config, profile: str) -> str | None:
    """Why the profile's credential_process would not be run by every tool: a key in plaintext that comes first."""
    found = sdk_precedence.before_process(config, profile)
    return told(config, profile, str(found[0].origin)) if found is not None else None


def told(config: Config, profile: str, origin: str) -> str:
    """What is to be done about the profile's key at ``origin``."""
    reason = unmovable(config, profile, origin)
    if reason is not None:
        return f"its key at {origin} {reason}"
    return f"its key stands in plaintext at {origin}: awsvault-py import moves it into the vault first"


def unmovable(config: Config, profile: str, origin: str) -> str | None:
    """Why the profile's key at ``origin`` cannot be moved into the vault, said of the key; None where it can."""
    for section, path in zip(
        config.profiles[profile], (config.config_path, config.credentials_path), strict=True
    ):
        held = section.properties if section is not None else {}
        if not any(f"{safe(path)}:{held[key].line}" == origin for key in STATIC if key in held):
            continue
        if any(key in held and held[key].value for key in TOKENS):
            return "is temporary (it has a session token), so the vault cannot keep it: whatever wrote it renews it"
        if not all(key in held and held[key].value for key in STATIC):
            return "lacks its other half: remove it"
        try:
            key_input.checked(held[STATIC[0]].value, Secret(held[STATIC[1]].value), None, None)
        except errors.Usage as error:
            return f"cannot be moved into the vault: {error.message}"
    return None
