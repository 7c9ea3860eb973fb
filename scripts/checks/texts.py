"""Rules for every tracked file: no real key, no package index, no path of one machine, and lines end as .editorconfig says."""

from __future__ import annotations

import re

from scripts.checks.tree import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = re.compile(rb"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b")
EXAMPLE = b"EXAMPLE"  # AWS's documented examples, and those made from them by a visible pattern
INDEX = re.compile(rb"(?:index-url|extra-index-url)\s*[= ]\s*http|\"resolved\": *\"http|source = \{ registry")
MACHINE = re.compile(
    rb"(?<![\w.$}~-])/(?:home|Users|root|work)/(?!(?:you|me|user|alice|runner|somebody|USER)\b)[\w.-]+/"
)
BLANKS = re.compile(rb"[ \t\r]+$", re.MULTILINE)
FOREIGN_FILES = "tests/data/"


def problems(name: str, content: bytes) -> Iterator[Problem]:
    """What is wrong with the text of one file."""
    if any(EXAMPLE not in match.group() for match in KEY.finditer(content)):
        yield Problem("key", (name,), f"{name}: a string shaped like an access key that is not an example")
    if INDEX.search(content):
        yield Problem("index", (name,), f"{name}: the address of a package index")
    if match := MACHINE.search(content):
        yield Problem("machine", (name,), f"{name}: a path of one machine: {match.group().decode()}")
    if not name.startswith(FOREIGN_FILES):
        if match := BLANKS.search(content):
            line = content.count(b"\n", 0, match.start()) + 1
            yield Problem("ends", (name,), f"{name}:{line}: blanks at the end of the line")
        if content and not content.endswith(b"\n"):
            yield Problem("ends", (name,), f"{name}: no newline at the end")
