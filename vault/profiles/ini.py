"""AWS's file format as values: sections and properties with their lines, and the rules for names. Pure; the parser is ini_parser."""

from __future__ import annotations

from typing import NamedTuple

_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/.%@:+")


class ParseNote(NamedTuple):
    """A place that AWS's tools do not all read alike. ``line`` is 0 where the whole file is meant."""

    path: str
    line: int
    message: str


class Property(NamedTuple):
    """One ``name = value``. ``parts`` holds the continuation lines with their numbers, or nothing."""

    name: str
    value: str
    line: int
    parts: tuple[tuple[int, str], ...] = ()


class Section(NamedTuple):
    """One section, its duplicates merged. ``line`` is where it first opens; ``bad_names`` are names that cannot be a property's."""

    name: str
    line: int
    properties: dict[str, Property]
    bad_names: list[tuple[str, int]]


class Sections(NamedTuple):
    """All of one file."""

    path: str
    profiles: dict[str, Section]
    sso_sessions: dict[str, Section]
    services: dict[str, Section]
    notes: tuple[ParseNote, ...]


def is_name(text: str) -> bool:
    """Whether the shared grammar takes ``text`` as a name without quotes."""
    return bool(text) and text.isascii() and (text.isalnum() or _NAME.issuperset(text))


def can_be_named(text: str) -> bool:
    """Whether a profile may be called ``text`` here: whatever botocore and the AWS CLI take but control characters."""
    return bool(text) and not any(c < " " or "\x7f" <= c < "\xa0" for c in text)


def subproperties(found: Property) -> dict[str, Property]:
    """The indented block under a name without a value, by lower-case name; empty for a plain value."""
    if found.value[:1] != "\n":
        return {}
    block: dict[str, Property] = {}
    for line, text in found.parts:
        name, _, value = text.partition("=")
        name = name.strip().lower()
        block[name] = Property(name, value.strip(), line)
    return block


def uncommented(line: str) -> str:
    """``line`` up to a ``#`` or ``;`` that follows a blank."""
    for at, character in enumerate(line):
        if character in "#;" and line[at - 1 : at] in (" ", "\t"):
            return line[:at].rstrip()
    return line
