"""Changes to the text of AWS's files that leave every other byte as it is. Pure: bytes in, bytes out; no file, no vault.

The lines are found by the very parser that reads the files (ini.py), so that what is changed is what counts. A change
is an ``Edit`` of whole lines; line ends, odd spacing, comments and a missing last line end stay.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from vault import errors
from vault.profiles.aws_files import decode
from vault.profiles.file_lines import FileLine, LineRecorder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from vault.profiles.ini import Section, Sections


class Edit(NamedTuple):
    """Lines ``start`` up to, not with, ``end`` (from 0) are to become ``new``; with start = end it is put in before."""

    start: int
    end: int
    new: bytes


class Hunk(NamedTuple):
    """What an edit did, for taking it back: the offset in the file before it, its old and its new bytes, the profile."""

    offset: int
    old: bytes
    new: bytes
    profile: str


class Document:
    """One of AWS's files, as lines with the places of its profiles and their properties."""

    __slots__ = ("_forms", "_headers", "_lines", "_opens", "data", "lines", "path", "sections")

    def __init__(self, data: bytes, *, path: str, kind: str) -> None:
        """``kind`` is "config" or "credentials". ConfigError where the file is broken."""
        recorder = LineRecorder(path, kind)
        self.sections: Sections = recorder.run(decode(data, path=path))
        self.data = data
        self.path = path
        self.lines = [line + b"\n" for line in data.split(b"\n")]
        self.lines[-1] = self.lines[-1][:-1]
        if not self.lines[-1]:
            self.lines.pop()
        self._opens = recorder.opens
        self._headers = recorder.headers
        self._forms = recorder.forms
        self._lines = recorder.found

    def section(self, profile: str) -> Section | None:
        """What counts of the profile in this file, or None."""
        return self.sections.profiles.get(profile)

    @property
    def openings(self) -> frozenset[int]:
        """The lines that open a section, a profile's or not."""
        return frozenset(self._opens)

    def headers(self, profile: str) -> list[int]:
        """The lines that open the profile, in order."""
        return [at for name, at in self._headers if name == profile]

    def rivals(self, profile: str) -> list[int]:
        """Where sections of several forms are this one profile ([default], [profile default]): the first of each form.

        Which of them counts, tools do not agree; empty where there is one form.
        """
        forms = self._forms.get(profile, {})
        return sorted(forms.values()) if len(forms) > 1 else []

    def spans(self, profile: str) -> list[tuple[int, int]]:
        """The lines of the profile's sections, from header to the next one; of "" the whole file."""
        if not profile:
            return [(0, len(self.lines))]
        ends = [*self._opens[1:], len(self.lines)]
        starts = set(self.headers(profile))
        return [(at, end) for at, end in zip(self._opens, ends, strict=True) if at in starts]

    def places(self, profile: str, key: str) -> list[FileLine]:
        """Every place where the profile has ``key``, in order; the last one counts."""
        return [line for line in self._lines if line.profile == profile and line.key == key]

    def keys(self, profile: str) -> list[FileLine]:
        """Every property of the profile."""
        return [line for line in self._lines if line.profile == profile]

    def every_key(self) -> tuple[FileLine, ...]:
        """Every property of every profile."""
        return tuple(self._lines)

    def text(self, line: FileLine) -> bytes:
        """The bytes of the property's lines."""
        return b"".join(self.lines[line.start : line.end])

    def line_end(self, near: int = 0) -> bytes:
        """The line end in use beside line ``near``: CRLF or LF."""
        around = [line for line in (*self.lines[near : near + 1], *self.lines[:1]) if line.endswith(b"\n")]
        return b"\r\n" if around and around[0].endswith(b"\r\n") else b"\n"

    def equals(self, profile: str) -> bytes:
        """What stands between name and value in the profile, or else in the file: `` = `` or ``=``."""
        for line in (*self.keys(profile), *self._lines):
            raw = self.lines[line.start]
            at = raw.find(b"=")
            before = raw[:at][len(raw[:at].rstrip(b" \t")) :]
            after = raw[at + 1 :]
            value = after.lstrip(b" \t")
            if value.strip():
                return before + b"=" + after[: len(after) - len(value)]
        return b" = "

    # ── edits ───────────────────────────────────────────────────────────────────────────────

    def rename(self, line: FileLine, name: str) -> Edit:
        """The property under another name; its spacing, value and continuation lines as they are."""
        raw = self.text(line)
        old = raw.partition(b"=")[0].rstrip()
        return Edit(line.start, line.end, _indent(raw) + name.encode() + raw[len(old) :])

    def set_value(self, line: FileLine, value: str) -> Edit:
        """The property with another value, on one line; spacing before it and the line end as they are."""
        raw = self.lines[line.start]
        at = raw.find(b"=") + 1
        gap = raw[at : at + len(raw[at:]) - len(raw[at:].lstrip(b" \t"))]
        last = self.lines[line.end - 1]
        end = last[len(last.rstrip(b"\r\n")) :]
        return Edit(line.start, line.end, raw[:at] + gap + value.encode() + end)

    def remove(self, line: FileLine) -> Edit:
        """Without the property."""
        return Edit(line.start, line.end, b"")

    def insert(self, after: int, profile: str, name: str, value: str) -> Edit:
        """A property on a line of its own after line ``after``, spaced and indented like its neighbours."""
        text = self._indent_after(after) + name.encode() + self.equals(profile) + value.encode()
        end = self.line_end(after)
        whole = self.lines[after].endswith(b"\n")
        return Edit(after + 1, after + 1, text + end if whole else end + text)

    def _indent_after(self, after: int) -> bytes:
        """How a property after that line is indented: as the one before it, else as the section's first one, else as the
        headers around it. Otherwise it would continue the one before it, or the next line would continue it.
        """
        opened = max(at for at in self._opens if at <= after)
        ends = min((at for at in self._opens if at > after), default=len(self.lines))
        here = [line for line in self._lines if opened < line.start < ends]
        before = [line for line in here if line.start <= after]
        near = before[-1:] or here[:1]
        around = [near[0].start] if near else [at for at in (opened, ends) if at < len(self.lines)]
        return max((_indent(self.lines[at]) for at in around), key=len)

    def append(self, header: str, properties: Iterable[tuple[str, str]]) -> Edit:
        """A new section at the end of the file, an empty line before it."""
        end = self.line_end()
        equals = self.equals("")
        rows = [header.encode(), *(name.encode() + equals + value.encode() for name, value in properties)]
        before = b""
        if self.lines:
            before = b"" if self.lines[-1].endswith(b"\n") else end
            before += end if self.lines[-1].strip() else b""
        count = len(self.lines)
        return Edit(count, count, before + b"".join(row + end for row in rows))

    def apply(self, edits: Iterable[Edit]) -> bytes:
        """The file with the edits made, which must not overlap."""
        out: list[bytes] = []
        at = 0
        for edit in _in_order(edits):
            out += self.lines[at : edit.start]
            out.append(edit.new)
            at = edit.end
        return b"".join(out + self.lines[at:])

    def hunks(self, edits: Iterable[Edit]) -> tuple[Hunk, ...]:
        """What ``apply`` of the same edits changes."""
        offsets = [0]
        for line in self.lines:
            offsets.append(offsets[-1] + len(line))
        return tuple(
            Hunk(offsets[e.start], b"".join(self.lines[e.start : e.end]), e.new, self._profile_at(e))
            for e in _in_order(edits)
        )

    def _profile_at(self, edit: Edit) -> str:
        """The profile an edit is within; "" for one that opens a section."""
        if edit.new.lstrip().startswith(b"["):
            return ""
        before = [name for name, at in self._headers if at < edit.start]
        return before[-1] if before else ""


def _indent(raw: bytes) -> bytes:
    """The blanks that a line begins with."""
    return raw[: len(raw) - len(raw.lstrip(b" \t"))]


def _in_order(edits: Iterable[Edit]) -> list[Edit]:
    """The edits by their place, those of one place in the order given. Internal where two overlap."""
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    for first, second in pairwise(ordered):
        if second.start < first.end:
            raise errors.Internal("two edits of one line")
    return ordered
