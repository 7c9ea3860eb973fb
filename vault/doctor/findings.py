"""The findings of doctor, and the fixes that --fix can apply, as values. Reads no file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.profiles.edit import Edit

Level = Literal["note", "warning", "error"]
ORDER: tuple[Level, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Chmod:
    """Set the mode of a file or folder."""

    path: str
    mode: int


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a file that awsvault-py or a tool creates again."""

    path: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Edits of one of AWS's files, "config" or "credentials"."""

    kind: str
    edits: tuple[Edit, ...]


Fix = Chmod | Remove | Rewrite


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem. ``where`` is a file and line, a folder, a variable or the vault.

    ``hint`` says what to do (``fix`` in JSON); ``fixes`` is what --fix does. ``check`` is set when the checks run.
    """

    level: Level
    where: str
    message: str
    hint: str | None = None
    fixes: tuple[Fix, ...] = ()
    check: str = ""


def removable(level: Level, paths: tuple[str, ...], message: str, hint: str) -> Finding:
    """A finding about files in one folder, which --fix removes."""
    fixes = tuple(Remove(path) for path in paths)
    return Finding(
        level=level, where=safe(os.path.dirname(paths[0])), message=message, hint=hint, fixes=fixes
    )


def sessions(paths: tuple[str, ...]) -> str:
    """The number of sessions in these files as text: ``1 session``, ``3 sessions``."""
    return f"{len(paths)} session{'' if len(paths) == 1 else 's'}"


def split_place(message: str) -> tuple[str, str]:
    """Split ``path:line: text`` into its place and its text. The place is empty if there is none."""
    place, colon, text = message.partition(": ")
    if colon and place.rpartition(":")[2].isdigit():
        return place, text
    return "", message
