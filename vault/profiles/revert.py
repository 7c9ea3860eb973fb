"""Undo edits, even if the file has been edited since. Pure: bytes in, bytes out."""

from __future__ import annotations

from vault.profiles.edit import Document, is_section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from vault.profiles.edit import Hunk

_LINE_ENDS = (b"\n", b"\r\n")


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
    if not exact:
        _refuse_shared_bytes(placed)
    # From the end. Adjacent lines that were removed now have one place: the last of them goes back first, after the
    # lines that were inserted there are gone.
    # Sections go back behind every line.
    order = [(at, not exact and _gone(h), bool(h.new), number) for number, (at, h) in enumerate(placed)]
    for at, _, _, number in sorted(order, reverse=True):
        hunk = placed[number][1]
        before, old, rest = data[:at], hunk.old, data[at + len(hunk.new) :]
        data = before + old + rest if exact else _joined(before, hunk, rest)
    return data


def _joined(before: bytes, hunk: Hunk, rest: bytes) -> bytes:
    """``before``, the hunk's old lines and ``rest``. No line is glued to another, wherever the file's last line end was."""
    old, going_on = hunk.old, bool(rest) and not rest.startswith(_LINE_ENDS)
    if not hunk.new:
        before = _ended(before)
    if old and going_on and not old.endswith(b"\n"):
        old += b"\n"
    if (
        not old and going_on and hunk.new.startswith(_LINE_ENDS)
    ):  # the empty line before a section is gone by now
        before = _ended(before)
    return before + old + rest


def _refuse_shared_bytes(placed: Iterable[tuple[int, Hunk]]) -> None:
    """ValueError if two hunks were found at places that overlap: an empty line between two sections was removed."""
    end = 0
    for at, hunk in sorted(placed, key=lambda one: (one[0], bool(one[1].new))):
        if at < end:
            raise ValueError(hunk.profile or _section_name(hunk.new))
        end = at + len(hunk.new)


def _current_offset(document: Document, hunk: Hunk) -> int:
    """The offset of the hunk's new lines in a file that has been edited since."""
    if is_section(hunk.old) and _section_name(hunk.old) in document.sections.profiles:
        raise ValueError(_section_name(hunk.old))
    if hunk.profile and any(document.places(hunk.profile, key) for key in _keys(hunk.old) - _keys(hunk.new)):
        raise ValueError(hunk.profile)  # it would count instead of the line that the user added
    if _gone(hunk):
        return len(document.data)
    found = []
    for start, end in document.spans(hunk.profile):
        first = sum(map(len, document.lines[: start + 1]))
        if not hunk.new:
            if _goes_on(document.lines[start + 1 : end], _depth(hunk.old)):
                raise ValueError(hunk.profile)
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
    if new[-1:] != b"\n" and rest and not rest.startswith(_LINE_ENDS):
        return False
    following = rest.split(b"\n") if new[-1:] == b"\n" else rest.split(b"\n")[1:]
    if not is_section(new):
        return not _goes_on(following, _depth(new.rstrip(b"\r\n").rpartition(b"\n")[2]))
    for line in following:
        if is_section(line):
            break
        if _is_property(line):
            return False
    return True


def _keys(lines: bytes) -> set[str]:
    """The keys of a profile's lines."""
    return {line.key for line in Document(b"[default]\n" + lines, path="", kind="config").every_key()}


def _goes_on(following: Iterable[bytes], depth: int) -> bool:
    """Whether the next line that is neither empty nor a comment continues a property of this indentation."""
    for line in following:
        if _is_property(line) or is_section(line):
            return _is_property(line) and _depth(line) > depth
    return False


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
