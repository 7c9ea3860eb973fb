"""Finds secrets in AWS's files that belong to no profile: in comments, on indented lines, under a header that is ignored.

Any program that can read the file can read them. Pure: looks only at the lines of a file that was read before.
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
INHERITED = (
    "botocore lets every profile of the file inherit this key, so only you know to which profile it belongs"
)


def strays(document: Document) -> Iterator[Skipped]:
    """Yield each line with a secret that ``plaintext_keys.find`` does not see, with the section's name and the reason."""
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
            continue  # a placeholder in a comment
        at = f"{safe(document.path)}:{number + 1}"
        yield Skipped(under, f"{at}: a secret key {reason or 'in a comment'}")


def doubled(document: Document, profile: str) -> bool:
    """Whether the profile has different keys in this file, so that only the user knows which one is right."""
    for key in STATIC:
        values = {_value(document, line) for line in document.places(profile, key)}
        if len(values) > 1:
            return True
    return False


def _value(document: Document, line: FileLine) -> str:
    text = document.lines[line.start].decode("utf-8", "replace")
    return uncommented(text.rstrip()).partition("=")[2].strip()


def _counts(document: Document, line: FileLine) -> bool:
    """Whether the line applies to the profile. It does not if another section with the same name takes precedence."""
    section = document.section(line.profile)
    return section is not None and line.key in section.properties


def _why(text: str, raw: bytes, under: str) -> str | None:
    """Why not every tool reads the line as a key; None for a comment."""
    if text[0] in "#;":
        return None
    if under == "DEFAULT":
        return f"under [DEFAULT]; {INHERITED}"
    if raw[:1] in b" \t":
        return "on an indented line, which belongs to the line above; remove the indentation"
    return f"where awsvault-py reads no key; check the line and the header [{safe(under)}]"


def _looks_real(text: str) -> bool:
    """Whether the text may be a secret: it is long, has only the characters of secrets, and mixes them as no word does."""
    return (
        len(text) >= limits.SECRET_LOOKS
        and text.isascii()
        and all(c.isalnum() or c in "/+=" for c in text)
        and any(c.isupper() for c in text)
        and any(c.islower() for c in text)
        and any(c.isdigit() or c in "/+=" for c in text)
    )
