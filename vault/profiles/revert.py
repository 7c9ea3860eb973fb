"""Undo edits, even if the file has been edited since. Pure: bytes in, bytes out."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from vault.profiles.edit import Document, Hunk


def revert(document: Document, hunks: Iterable[Hunk], *, exact: bool) -> bytes:
    """The file without the hunks' changes. ValueError with the profile's name if a hunk can no longer be found.

    ``exact``: the file is, to the byte, what the edits left. Otherwise it has been edited since: each hunk must then be
    found exactly once in its profile, as whole lines. A line that an edit removed goes back under the profile's header.
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
        data = data[:at] + hunk.old + data[at + len(hunk.new) :]
    return data


def _current_offset(document: Document, hunk: Hunk) -> int:
    """The offset of the hunk's new lines in a file that has been edited since."""
    found = []
    for start, end in document.spans(hunk.profile):
        first = sum(map(len, document.lines[: start + 1]))
        if not hunk.new:
            return first
        text = b"".join(document.lines[start:end])
        base, at = first - len(document.lines[start]), text.find(hunk.new)
        while at >= 0:
            if at == 0 or text[at - 1 : at] == b"\n" or hunk.new[:1] in (b"\r", b"\n"):
                found.append(base + at)
            at = text.find(hunk.new, at + 1)
    if len(found) != 1:
        raise ValueError(hunk.profile)
    return found[0]
