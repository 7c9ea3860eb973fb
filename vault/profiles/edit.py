"""Changes to the text of AWS's files that leave every other byte as it is. Pure: bytes in, bytes out; no file, no vault.

A change is an ``Edit`` of whole lines. Line ends, odd spacing, comments and a missing last line end stay.
"""

from __future__ import annotations

from itertools import pairwise

from vault import errors
from vault.profiles.aws_files import decode
from vault.profiles.file_lines import FileLine, LineRecorder
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from vault.profiles.ini import Section, Sections


class Edit(NamedTuple):
    """Replace the lines ``start`` to ``end`` (from 0, ``end`` not included) by ``new``; if both are equal, insert before ``start``."""

    start: int
    end: int
    new: bytes


class Hunk(NamedTuple):
    """What an edit did, so that it can be undone: the offset in the file before it, the old and new bytes, the profile."""

    offset: int
    old: bytes
    new: bytes
    profile: str


class Document:
    """One of AWS's files: its lines, and which of them belong to which profile and property."""

    __slots__ = ("_forms", "_headers", "_lines", "_opens", "data", "lines", "path", "sections")

    def __init__(self, data: bytes, *, path: str, kind: str) -> None:
        """``kind`` is "config" or "credentials". ConfigError if the file is broken."""
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
        """The profile as this file defines it, or None."""
        return self.sections.profiles.get(profile)

    @property
    def openings(self) -> frozenset[int]:
        """The lines with a header, of a profile or of any other section."""
        return frozenset(self._opens)

    def headers(self, profile: str) -> list[int]:
        """The lines with a header of the profile, in order."""
        return [at for name, at in self._headers if name == profile]

    def rivals(self, profile: str) -> list[int]:
        """The first header of each form, if the profile has headers of several forms ([default], [profile default]).

        Tools disagree about which of them counts. Empty if there is only one form.
        """
        forms = self._forms.get(profile, {})
        return sorted(forms.values()) if len(forms) > 1 else []

    def spans(self, profile: str) -> list[tuple[int, int]]:
        """The lines of the profile's sections, each from its header to the next header; for "" the whole file."""
        if not profile:
            return [(0, len(self.lines))]
        ends = [*self._opens[1:], len(self.lines)]
        starts = set(self.headers(profile))
        return [(at, end) for at, end in zip(self._opens, ends, strict=True) if at in starts]

    def places(self, profile: str, key: str) -> list[FileLine]:
        """Every line where the profile sets ``key``, in order; the last one counts."""
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
        """The line end at line ``near``: CRLF or LF."""
        around = [line for line in (*self.lines[near : near + 1], *self.lines[:1]) if line.endswith(b"\n")]
        return b"\r\n" if around and around[0].endswith(b"\r\n") else b"\n"

    def equals(self, profile: str) -> bytes:
        """What the profile, or otherwise the file, has between name and value: `` = `` or ``=``."""
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
        """Give the property another name; its spacing, value and continuation lines stay."""
        raw = self.text(line)
        old = raw.partition(b"=")[0].rstrip()
        return Edit(line.start, line.end, _indent(raw) + name.encode() + raw[len(old) :])

    def set_value(self, line: FileLine, value: str) -> Edit:
        """Give the property another value, on one line; the spacing before it and the line end stay."""
        raw = self.lines[line.start]
        at = raw.find(b"=") + 1
        gap = raw[at : at + len(raw[at:]) - len(raw[at:].lstrip(b" \t"))]
        last = self.lines[line.end - 1]
        end = last[len(last.rstrip(b"\r\n")) :]
        return Edit(line.start, line.end, raw[:at] + gap + value.encode() + end)

    def remove(self, line: FileLine) -> Edit:
        """Remove the property."""
        return Edit(line.start, line.end, b"")

    def remove_section(self, profile: str) -> Edit:
        """Remove the profile's only section with the empty line before it. Its comments stay, and what follows its last property."""
        (start,) = self.headers(profile)
        end = max((line.end for line in self.keys(profile)), default=start + 1)
        remark = self.lines[start].partition(b"]")[2].lstrip()
        comments = [
            line for line in (remark, *self.lines[start + 1 : end]) if line.lstrip()[:1] in (b"#", b";")
        ]
        if not comments and start and not self.lines[start - 1].strip():
            start -= end == len(self.lines) or not self.lines[end].strip()
        return Edit(start, end, b"".join(comments))

    def insert(self, after: int, profile: str, name: str, value: str) -> Edit:
        """Add a property on a new line after line ``after``, spaced and indented like its neighbors."""
        text = self._indent_after(after) + name.encode() + self.equals(profile) + value.encode()
        end = self.line_end(after)
        whole = self.lines[after].endswith(b"\n")
        return Edit(after + 1, after + 1, text + end if whole else end + text)

    def _indent_after(self, after: int) -> bytes:
        """The indentation of a property after that line: that of the property before it, otherwise of the section's
        first, otherwise of the headers around it. With another indentation it would continue the line before, or the
        next line would continue it.
        """
        opened = max(at for at in self._opens if at <= after)
        ends = min((at for at in self._opens if at > after), default=len(self.lines))
        here = [line for line in self._lines if opened < line.start < ends]
        before = [line for line in here if line.start <= after]
        near = before[-1:] or here[:1]
        around = [near[0].start] if near else [at for at in (opened, ends) if at < len(self.lines)]
        return max((_indent(self.lines[at]) for at in around), key=len)

    def append(self, header: str, properties: Iterable[tuple[str, str]], *, after: bool = False) -> Edit:
        """Add a section at the end of the file, after an empty line. ``after``: another edit adds one before it."""
        end = self.line_end()
        equals = self.equals("")
        rows = [header.encode(), *(name.encode() + equals + value.encode() for name, value in properties)]
        before = end if after else b""
        if self.lines and not after:
            before = b"" if self.lines[-1].endswith(b"\n") else end
            before += end if self.lines[-1].strip() else b""
        count = len(self.lines)
        return Edit(count, count, before + b"".join(row + end for row in rows))

    def apply(self, edits: Iterable[Edit]) -> bytes:
        """The file with the edits, which must not overlap."""
        out: list[bytes] = []
        at = 0
        for edit in _in_order(edits):
            out += self.lines[at : edit.start]
            out.append(edit.new)
            at = edit.end
        return b"".join(out + self.lines[at:])

    def hunks(self, edits: Iterable[Edit]) -> tuple[Hunk, ...]:
        """What ``apply`` changes with the same edits."""
        offsets = [0]
        for line in self.lines:
            offsets.append(offsets[-1] + len(line))
        return tuple(
            Hunk(offsets[e.start], b"".join(self.lines[e.start : e.end]), e.new, self._profile_at(e))
            for e in _in_order(edits)
        )

    def _profile_at(self, edit: Edit) -> str:
        """The profile that an edit is in; "" for one that adds or removes a section."""
        if is_section(edit.new) or is_section(b"".join(self.lines[edit.start : edit.end])):
            return ""
        before = [name for name, at in self._headers if at < edit.start]
        return before[-1] if before else ""


def is_section(raw: bytes) -> bool:
    """Whether these lines begin with a header."""
    return raw.lstrip().startswith(b"[")


def _indent(raw: bytes) -> bytes:
    """The white space at the start of a line."""
    return raw[: len(raw) - len(raw.lstrip(b" \t"))]


def _in_order(edits: Iterable[Edit]) -> list[Edit]:
    """The edits in order of their lines; those of one line stay in the given order. Internal if two overlap."""
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    for first, second in pairwise(ordered):
        if second.start < first.end:
            raise errors.Internal("two edits of one line")
    return ordered
