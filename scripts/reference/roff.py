"""Writes man pages in roff's man macros: escapes text, and lays out paragraphs, lists and headings. Knows no command."""

from __future__ import annotations

import re
import textwrap

WIDTH = 76  # of a line of the source, which no reader sees
_ESCAPES = {"\\": r"\e", "-": r"\-", "~": r"\(ti", "^": r"\(ha", "`": r"\(ga", "'": r"\(aq", "…": r"\&..."}


def escaped(text: str) -> str:
    """Text that roff prints as it is: a hyphen is one that can be copied into a shell."""
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def bold(text: str) -> str:
    return rf"\fB{escaped(text)}\fR"


def marked(text: str) -> str:
    """A paragraph: what is in `backticks` becomes bold. No line begins with a control character."""
    words = []
    for at, part in enumerate(re.split(r"`([^`]+)`", " ".join(text.split()))):
        words.append(bold(part) if at % 2 else escaped(part))
    lines = textwrap.wrap("".join(words), WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join(rf"\&{line}" if line.startswith((".", "\\(aq")) else line for line in lines)


def heading(title: str) -> str:
    return f".SH {title.upper()}"


def item(term: str, text: str) -> str:
    """A term and, indented below it, its text. ``term`` is escaped already."""
    return f".TP\n{term}\n{marked(text)}"


def page(title: str, *, date: str, version: str, sections: list[tuple[str, list[str]]]) -> str:
    """A whole page of section 1. A section's blocks follow each other; a plain paragraph after another is set apart."""
    lines = [
        r".\" Made by scripts/make-man-pages",
        f'.TH {escaped(title).upper()} 1 {date} "awsvault\\-py {version}" "awsvault\\-py"',
    ]
    for name, blocks in sections:
        lines.append(heading(name))
        for at, block in enumerate(blocks):
            if at and not block.startswith("."):
                lines.append(".PP")
            lines.append(block)
    return "\n".join(lines) + "\n"
