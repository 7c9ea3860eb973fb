"""Finds access keys in plaintext in AWS's files, and says whether import can move them and which tools use them. Pure."""

from __future__ import annotations

from vault import errors
from vault.keys import key_input
from vault.migrate import stray_secrets
from vault.migrate.edit_plan import Skipped
from vault.profiles import sdk_precedence
from vault.profiles.aws_files import STATIC
from vault.records import NamedTuple
from vault.secret import Secret
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from vault.migrate.edit_plan import Files
    from vault.profiles.aws_files import Config
    from vault.profiles.ini import Section

TEMPORARY = "the key is temporary (it has a session token); the program that wrote it refreshes it"
_TOKENS = ("aws_session_token", "aws_security_token")
_KINDS = ("config", "credentials")


class PlaintextKey(NamedTuple):
    """An access key in one of AWS's files: the profile, the kind of file ("config" or "credentials"), file and line.

    ``second``: the profile has another key in the credentials file, which every tool prefers to this one.
    """

    profile: str
    kind: str
    access_key_id: str
    secret: Secret
    origin: str
    second: bool = False

    @property
    def pair(self) -> tuple[str, Secret]:
        """The key ID and the secret."""
        return self.access_key_id, self.secret


def find(files: Files, wanted: Sequence[str] = ()) -> tuple[list[PlaintextKey], list[Skipped]]:
    """The keys in AWS's files that can be moved, and those that cannot, with the reason. For all profiles, or for ``wanted``.

    Without ``wanted``, the keys that cannot be moved include secrets that belong to no profile.
    """
    found: list[PlaintextKey] = []
    skipped: list[Skipped] = []
    for document, kind in ((files.credentials, "credentials"), (files.config, "config")):
        for name in wanted or files.merged.profiles:
            section = document.section(name)
            held = section.properties if section is not None else {}
            if not any(key in held for key in STATIC):
                continue
            at = f"{safe(document.path)}:{next(held[k].line for k in STATIC if k in held)}"
            if name == "DEFAULT":
                skipped.append(Skipped(name, f"{at}: {stray_secrets.INHERITED}"))
            elif stray_secrets.doubled(document, name):
                skipped.append(
                    Skipped(
                        name, f"{at}: the profile has two different keys in this file; remove the wrong one"
                    )
                )
            elif any(key in held and held[key].value for key in _TOKENS):
                skipped.append(Skipped(name, f"{at}: {TEMPORARY}"))
            elif not all(key in held and held[key].value for key in STATIC):
                skipped.append(Skipped(name, f"{at}: the key is incomplete: one of its two lines is missing"))
            else:
                pair = (held[STATIC[0]].value, Secret(held[STATIC[1]].value))
                first = next((s for s in found if s.profile == name), None)
                second = first is not None and first.pair != pair
                found.append(PlaintextKey(name, kind, *pair, at, second=second))
        skipped += () if wanted else stray_secrets.strays(document)
    return found, skipped


def without(config: Config, leaving: Collection[tuple[str, str]]) -> Config:
    """The config without the keys of ``leaving``, which are names of profiles, each with the kind of its file."""
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


def before_process(config: Config, profile: str) -> str | None:
    """Why some tools would not run the profile's credential_process: they read a key first. None if all tools run it."""
    found = sdk_precedence.before_process(config, profile)
    return advice(config, profile, str(found[0].origin)) if found is not None else None


def advice(config: Config, profile: str, origin: str) -> str:
    """What to do about the profile's key at ``origin``."""
    reason = unmovable(config, profile, origin)
    if reason is not None:
        return f"its key at {origin} {reason}"
    return f"its key is in plaintext at {origin}. To move it into the vault first: awsvault-py import"


def unmovable(config: Config, profile: str, origin: str) -> str | None:
    """Why the profile's key at ``origin`` cannot be moved into the vault, worded as a predicate; None if it can be moved."""
    for section, path in zip(
        config.profiles[profile], (config.config_path, config.credentials_path), strict=True
    ):
        held = section.properties if section is not None else {}
        if not any(f"{safe(path)}:{held[key].line}" == origin for key in STATIC if key in held):
            continue
        if any(key in held and held[key].value for key in _TOKENS):
            return "is temporary (it has a session token), so the vault cannot store it; the program that wrote it refreshes it"
        if not all(key in held and held[key].value for key in STATIC):
            return "is incomplete (one of its two lines is missing)"
        try:
            key_input.check_key(held[STATIC[0]].value, Secret(held[STATIC[1]].value), None, None)
        except errors.Usage as error:
            return f"cannot be moved into the vault: {error.message}"
    return None
