"""Which key AWS's tools sign with if a profile has several: the families of tools that differ, and what each uses.
Pure.

Covers the profile's own lines, not its role. Tested with the tools themselves (tests/clients).
"""

from __future__ import annotations

from vault.profiles.aws_files import STATIC, Origin
from vault.records import NamedTuple
from vault.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.profiles.aws_files import Config
    from vault.profiles.ini import Property, Section

_PROCESS = "credential_process"


class Reader(NamedTuple):
    """Tools that use a profile's lines in one order: the key of one file, ``key`` (the two halves may be in both
    files), a process.
    """

    name: str
    order: tuple[str, ...]


READERS = (
    Reader("the AWS CLI and boto3", ("credentials", _PROCESS, "config")),
    Reader("the SDKs of JavaScript and Go", ("key", _PROCESS)),
    Reader("the SDKs of Java and Rust", (_PROCESS, "key")),
)


class Supply(NamedTuple):
    """What a reader uses: a key (its ID, and its secret if it has one) or a command, and its place."""

    key: str | None
    secret: Secret | None
    command: str | None
    origin: Origin

    def same(self, other: Supply) -> bool:
        """Whether both are the same credentials, whatever their places."""
        return self[:3] == other[:3]


def supply(config: Config, profile: str, reader: Reader) -> Supply | None:
    """What ``reader`` uses for ``profile``; None if none of the profile's own lines gives credentials."""
    return _first(config, profile, reader.order)


def before_process(config: Config, profile: str) -> tuple[Supply, str] | None:
    """The plaintext key that keeps tools from running the profile's credential_process, and the tools; or None."""
    found: dict[str, Supply] = {}
    for reader in READERS:
        key = _first(config, profile, reader.order[: reader.order.index(_PROCESS)])
        if key is not None:
            found[reader.name] = key
    return (next(iter(found.values())), " and ".join(found)) if found else None


def _first(config: Config, profile: str, order: tuple[str, ...]) -> Supply | None:
    config_section, credentials_section = config.profiles.get(profile, (None, None))
    files = {
        "config": (_properties(config_section), config.config_path),
        "credentials": (_properties(credentials_section), config.credentials_path),
    }
    for way in order:
        if way == "key":
            found = _merged(*files.values())
        elif way == _PROCESS:
            found = _process(files["credentials"]) or _process(files["config"])
        else:
            found = _alone(files[way])
        if found is not None:
            return found
    return None


def _properties(section: Section | None) -> dict[str, Property]:
    return section.properties if section is not None else {}


def _alone(file: tuple[dict[str, Property], str]) -> Supply | None:
    """The key of one file. botocore stops even at half a key."""
    properties, path = file
    if not any(name in properties for name in STATIC):
        return None
    key = properties.get(STATIC[0]) or properties[STATIC[1]]
    secret = properties.get(STATIC[1])
    return Supply(
        key.value if STATIC[0] in properties else "",
        Secret(secret.value) if secret is not None else None,
        None,
        Origin(path, key.line),
    )


def _merged(
    config: tuple[dict[str, Property], str], credentials: tuple[dict[str, Property], str]
) -> Supply | None:
    halves = []
    for name in STATIC:
        properties, path = credentials if name in credentials[0] else config
        if name not in properties or not properties[name].value:
            return None
        halves.append((properties[name], path))
    (key, path), (secret, _) = halves
    return Supply(key.value, Secret(secret.value), None, Origin(path, key.line))


def _process(file: tuple[dict[str, Property], str]) -> Supply | None:
    properties, path = file
    found = properties.get(_PROCESS)
    return Supply(None, None, found.value, Origin(path, found.line)) if found is not None else None
