"""Text for a printed page: lines of a limited width. A long value is broken where a reader can type it again. Pure."""

from __future__ import annotations

import textwrap
import unicodedata

from vault import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Where a value is broken, the best first: behind the parts of an ARN, behind what separates words, anywhere.
_BREAKS = ("/:", "-_.@+=, ", "")


def columns(text: str) -> int:
    """The columns that ``text`` takes in print: two for a wide character, none for a combining one."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def paragraph(text: str, *, hang: int = 0) -> list[str]:
    """Words in lines; all lines but the first are indented by ``hang``. A word is never broken."""
    return textwrap.wrap(
        text,
        width=limits.PAPER_COLUMNS,
        subsequent_indent=" " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )


def value(label: str, text: str) -> list[str]:
    """``label`` and a value in one line if they fit. Otherwise the value continues on further lines, deeper than the label."""
    room = limits.PAPER_COLUMNS
    if columns(label) + 1 + columns(text) <= room:
        return [f"{label} {text}"]
    indent = " " * (len(label) - len(label.lstrip()) + limits.PAPER_INDENT)
    return [label, *(indent + piece for piece in _pieces(text, room - len(indent)))]


def _pieces(text: str, room: int) -> Iterator[str]:
    """``text`` in pieces of at most ``room`` columns, which together are all of it."""
    while columns(text) > room:
        end = _fitting(text, room)
        cuts = (max((text.rfind(mark, 0, end) + 1 for mark in marks), default=0) for marks in _BREAKS)
        end = next((cut for cut in cuts if cut > end // 2), end)
        yield text[:end]
        text = text[end:]
    yield text


def _fitting(text: str, room: int) -> int:
    """How many characters of ``text`` fit in ``room`` columns; at least one."""
    for at, character in enumerate(text):
        room -= _columns(character)
        if room < 0:
            return max(at, 1)
    return len(text)
