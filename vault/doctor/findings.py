"""What doctor finds, and how it is mended, as values. No file, no check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.profiles.edit import Edit

Level = Literal["note", "warning", "error"]
ORDER: tuple[Level, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Chmod:
    """Give a file or folder this mode."""

    path: str
    mode: int


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a file that can be had again."""

    path: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Edits of one of AWS's files, "config" or "credentials"."""

    kind: str
    edits: tuple[Edit, ...]


Mend = Chmod | Remove | Rewrite


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong. ``where`` is a file and line, a folder, a variable or the vault.

    ``fix`` says what to do; ``mends`` are what --fix can do by itself. ``check`` is set by whoever runs the checks.
    """

    level: Level
    where: str
    message: str
    fix: str | None = None
    mends: tuple[Mend, ...] = ()
    check: str = ""


def split_place(message: str) -> tuple[str, str]:
    """``path:line: text`` as its place and text; the place is empty where there is none."""
    place, colon, text = message.partition(": ")
    if colon and place.rpartition(":")[2].isdigit():
        return place, text
    return "", message
