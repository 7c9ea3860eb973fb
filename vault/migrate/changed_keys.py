"""Summarizes changes of AWS's files by profile: which keys are added, removed, changed or get the prefix. Pure."""

from __future__ import annotations

from textwrap import dedent
from typing import Literal

from vault.profiles.aws_files import PREFIX
from vault.profiles.edit import Document, is_section
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from vault.migrate.undo import Change
    from vault.profiles.edit import Hunk

Action = Literal["added", "removed", "changed", "prefixed"]


class ChangedKey(NamedTuple):
    """One key of a profile, with its name before the change (after it, if the key is added)."""

    key: str
    action: Action
    file: str


class ChangedProfile(NamedTuple):
    """A profile whose lines change.

    ``new``: no file has the profile yet. ``removed``: its section is removed. ``added_to``: the file that gets a section of it; None if no file does.
    """

    profile: str
    keys: tuple[ChangedKey, ...]
    new: bool = False
    added_to: str | None = None
    removed: bool = False


def by_profile(changes: Iterable[Change], known: Collection[str] = ()) -> tuple[ChangedProfile, ...]:
    """The profiles that ``changes`` affect, in the order of the files. Files that are not AWS's are left out.

    ``known`` are the profiles that a file already has.
    """
    found: dict[str, dict[ChangedKey, None]] = {}
    added: dict[str, str] = {}
    removed: set[str] = set()
    for change in changes:
        for hunk in change.hunks if change.kind else ():
            header = _header(hunk.new) if not hunk.old else None
            gone = _header(hunk.old) if not is_section(hunk.new) else None
            profile = header or gone or hunk.profile
            if header is not None:
                added.setdefault(profile, change.path)
            if gone is not None:
                removed.add(profile)
            keys = found.setdefault(profile, {})
            keys.update(dict.fromkeys(_keys(hunk, change.path)))
    return tuple(
        ChangedProfile(
            name, tuple(keys), name in added and name not in known, added.get(name), name in removed
        )
        for name, keys in found.items()
    )


def _keys(hunk: Hunk, file: str) -> Iterator[ChangedKey]:
    before, after = _names(hunk.old), _names(hunk.new)
    if len(before) == len(after) == 1:
        action: Action = "prefixed" if after[0] == PREFIX + before[0] else "changed"
        yield ChangedKey(before[0], action, file)
        return
    for name in before:
        yield ChangedKey(name, "removed", file)
    for name in after:
        yield ChangedKey(name, "added", file)


def _header(raw: bytes) -> str | None:
    """The profile of the section that begins in ``raw``, or None."""
    if not is_section(raw):
        return None
    return next(iter(Document(raw, path="", kind="config").sections.profiles), None)


def _names(raw: bytes) -> list[str]:
    """The keys that the lines set. The file was parsed with these lines, so they can be parsed alone."""
    text = dedent(raw.decode("utf-8", "surrogateescape").lstrip("\r\n")).encode("utf-8", "surrogateescape")
    if not text.startswith(b"["):
        text = b"[default]\n" + text
    return [line.key for line in Document(text, path="", kind="config").every_key()]
