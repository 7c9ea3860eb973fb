"""Secrets in AWS's files that are no profile's key to this program: commented out, indented, under a header that is ignored.

A program that reads the file has them all the same. Pure: looks at the lines of a file that was read.
"""

from __future__ import annotations

import re

from vault import limits
from vault.migrate.edit_plan import Skipped
from vault.profiles.aws_files import STATIC
from vault.profiles.ini import uncommented
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.profiles.edit import Document
    from vault.profiles.file_lines import FileLine

_SECRET = re.compile(rf"{STATIC[1]}[ \t\"']*[=:][ \t\"']*([^\s\"']+)", re.IGNORECASE)
INHERITED = "botocore has every profile of the file inherit it, so whose key it is only you know"


def strays(document: Document) -> Iterator[Skipped]:
    """Each line of the file with a secret that ``clear_keys`` does not see, under the header above it, and why."""
    counted = {
        line.start for line in document.every_key() if line.key == STATIC[1] and _counts(document, line)
    }
    openings = document.openings
    under = "(no profile)"
    for number, raw in enumerate(document.lines):
        text = raw.decode("utf-8", "replace").strip()
        if number in openings:
            under = text[1:].partition("]")[0].strip() or under
            continue
        found = _SECRET.search(text) if number not in counted else None
        if found is None:
            continue
        reason = _why(text, raw, under)
        if reason is None and not _looks_real(found[1]):
            continue  # a comment's or a document's placeholder
        at = f"{safe(document.path)}:{number + 1}"
        yield Skipped(under, f"{at}: a secret key stands here, {reason or 'commented out'}")


def doubled(document: Document, profile: str) -> bool:
    """Whether the profile's key stands in the file more than once, and differently: which one is meant only its owner knows."""
    for key in STATIC:
        values = {_value(document, line) for line in document.places(profile, key)}
        if len(values) > 1:
            return True
    return False


def _value(document: Document, line: FileLine) -> str:
    text = document.lines[line.start].decode("utf-8", "replace")
    return uncommented(text.rstrip()).partition("=")[2].strip()


def _counts(document: Document, line: FileLine) -> bool:
    """Whether the profile has a secret in this file: not where a second section of its name is the one that counts."""
    section = document.section(line.profile)
    return section is not None and line.key in section.properties


def _why(text: str, raw: bytes, under: str) -> str | None:
    """Why no tool, or not every tool, takes the line for a key; None for a comment."""
    if text[0] in "#;":
        return None
    if under == "DEFAULT":
        return f"under [DEFAULT]: {INHERITED}"
    if raw[:1] in b" \t":
        return "indented, so that it belongs to the line above; start it at its left edge"
    return f"where this program reads no key: check the line, and the header [{safe(under)}]"


def _looks_real(text: str) -> bool:
    """Whether the text may be a secret: long, of its letters, and mixed as no word is."""
    return (
        len(text) >= limits.SECRET_LOOKS
        and text.isascii()
        and all(c.isalnum() or c in "/+=" for c in text)
        and any(c.isupper() for c in text)
        and any(c.islower() for c in text)
        and any(c.isdigit() or c in "/+=" for c in text)
    )
