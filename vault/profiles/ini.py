"""AWS's file format as values: sections and properties with their lines, and the rules for names.

Pure: no files, no environment. ini_parser makes these values from text.
"""

from __future__ import annotations

from vault.records import NamedTuple

_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/.%@:+")


class ParseNote(NamedTuple):
    """A line that AWS's tools do not all read alike. ``line`` is 0 for a note about the whole file.

    ``intended`` is the profile that an ignored header was probably meant for. ``fatal``: a tool refuses the whole file.
    """

    path: str
    line: int
    message: str
    intended: str | None = None
    fatal: bool = False


class Property(NamedTuple):
    """One ``name = value``. ``parts`` are the continuation lines with their numbers; empty if there are none."""

    name: str
    value: str
    line: int
    parts: tuple[tuple[int, str], ...] = ()


class Section(NamedTuple):
    """One section, its duplicates merged. ``line`` is its first header; ``bad_names`` are names that no property can have."""

    name: str
    line: int
    properties: dict[str, Property]
    bad_names: list[tuple[str, int]]


class Sections(NamedTuple):
    """All sections of one file."""

    path: str
    profiles: dict[str, Section]
    sso_sessions: dict[str, Section]
    services: dict[str, Section]
    notes: tuple[ParseNote, ...]


def is_name(text: str) -> bool:
    """Whether the grammar that the SDKs share accepts ``text`` as a name without quotes."""
    return bool(text) and text.isascii() and (text.isalnum() or _NAME.issuperset(text))


def can_be_named(text: str) -> bool:
    """Whether ``text`` can be a profile's name here: any name that botocore and the AWS CLI accept, except control characters."""
    return bool(text) and not any(c < " " or "\x7f" <= c < "\xa0" for c in text)


def subproperties(found: Property) -> dict[str, Property]:
    """The indented block under a property without a value, by lower-case name; empty for a plain value."""
    if found.value[:1] != "\n":
        return {}
    block: dict[str, Property] = {}
    for line, text in found.parts:
        name, _, value = text.partition("=")
        name = name.strip().lower()
        block[name] = Property(name, value.strip(), line)
    return block


def uncommented(line: str) -> str:
    """``line`` up to a ``#`` or ``;`` that follows a space or tab."""
    for at, character in enumerate(line):
        if character in "#;" and line[at - 1 : at] in (" ", "\t"):
            return line[:at].rstrip()
    return line
