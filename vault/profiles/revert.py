"""Undo edits, even if the file has been edited since. Pure: bytes in, bytes out."""

from __future__ import annotations

from vault.profiles.edit import Document, is_section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from vault.profiles.edit import Hunk


def revert(document: Document, hunks: Iterable[Hunk], *, exact: bool) -> bytes:
    """The file without the hunks' changes. ValueError with the profile's name if a hunk can no longer be found.

    ``exact``: the file is, to the byte, what the edits left. Otherwise it has been edited since: each hunk must then be
    found exactly once in its profile, as whole lines. A line that an edit removed goes back under the profile's header, a section
    to the end of the file, unless there is another one of that name. A section that an edit added is not removed if it got
    more lines since: they would then belong to the profile before it.
    """
    data = document.data
    shift, placed = 0, []
    for hunk in hunks:
        at = hunk.offset + shift if exact else _current_offset(document, hunk)
        placed.append((at, hunk))
        shift += len(hunk.new) - len(hunk.old)
    # From the end. Adjacent lines that were removed now have one place: the last of them goes back first, after the
    # lines that were inserted there are gone.
    order = [(at, bool(hunk.new), number) for number, (at, hunk) in enumerate(placed)]
    for at, _, number in sorted(order, reverse=True):
        hunk = placed[number][1]
        before = data[:at] if exact or not _gone(hunk) else _ended(data[:at])
        data = before + hunk.old + data[at + len(hunk.new) :]
    return data


def _current_offset(document: Document, hunk: Hunk) -> int:
    """The offset of the hunk's new lines in a file that has been edited since."""
    if is_section(hunk.old) and _section_name(hunk.old) in document.sections.profiles:
        raise ValueError(_section_name(hunk.old))
    if _gone(hunk):
        return len(document.data)
    found = []
    for start, end in document.spans(hunk.profile):
        first = sum(map(len, document.lines[: start + 1]))
        if not hunk.new:
            return first
        text = b"".join(document.lines[start:end])
        base, at = first - len(document.lines[start]), text.find(hunk.new)
        while at >= 0:
            starts = at == 0 or text[at - 1 : at] == b"\n" or hunk.new[:1] in (b"\r", b"\n")
            if starts and _ends(hunk.new, text[at + len(hunk.new) :]):
                found.append(base + at)
            at = text.find(hunk.new, at + 1)
    if len(found) != 1:
        raise ValueError(hunk.profile or _section_name(hunk.new))
    return found[0]


def _ends(new: bytes, rest: bytes) -> bool:
    """Whether the lines of ``new`` end where they ended, before ``rest``: with a whole line that nothing continues."""
    if new[-1:] != b"\n" and rest and not rest.startswith((b"\n", b"\r\n")):
        return False
    following = rest.split(b"\n") if new[-1:] == b"\n" else rest.split(b"\n")[1:]
    if not is_section(new):
        last = new.rstrip(b"\r\n").rpartition(b"\n")[2]
        return not _is_property(following[0] if following else b"") or _depth(following[0]) <= _depth(last)
    for line in following:
        if is_section(line):
            break
        if _is_property(line):
            return False
    return True


def _is_property(line: bytes) -> bool:
    """Whether the line is neither empty, nor a comment, nor a header."""
    return line.lstrip()[:1] not in (b"", b"#", b";", b"[")


def _depth(line: bytes) -> int:
    return len(line) - len(line.lstrip(b" \t"))


def _gone(hunk: Hunk) -> bool:
    """Whether the hunk removed a section, and left nothing in its place."""
    return not hunk.new and not hunk.profile and is_section(hunk.old)


def _ended(data: bytes) -> bytes:
    """``data`` with an end of its last line."""
    return data if data.endswith(b"\n") or not data else data + b"\n"


def _section_name(raw: bytes) -> str:
    """The profile whose section these lines are; "" for other lines."""
    if not is_section(raw):
        return ""
    return next(iter(Document(raw, path="", kind="config").sections.profiles), "")
