"""Changes of files as a diff for a person. Pure; what is secret in a line is never shown, in a comment neither."""

from __future__ import annotations

import re
from difflib import unified_diff

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_SECRET = re.compile(r"(aws_(?:secret_access_key|session_token|security_token)\s*[=:]).*", re.IGNORECASE)
# The start of a section or a property; what ends in = may be the padding of a secret.
_BEGINNING = re.compile(r"\[|[A-Za-z_]\w*[ \t]*=[ \t]*[^=\s]", re.ASCII)


def diff(path: str, before: bytes | None, after: bytes | None, *, lines: bool) -> Iterator[str]:
    """The lines of a unified diff; a file that appears or goes says so.

    Without ``lines`` no line of it: a file that is none of AWS's may hold its secrets anywhere.
    """
    yield f"--- {path}{' (not there)' if before is None else ''}"
    yield f"+++ {path}{' (removed)' if after is None else ''}"
    if after is None or not lines:
        return
    yield from list(unified_diff(_lines(before), _lines(after), n=2, lineterm=""))[2:]


def _lines(data: bytes | None) -> list[str]:
    """Without the values of secrets, whose continuation lines are hidden too, and without CRs, which a terminal obeys."""
    shown = []
    secret: int | None = None  # how deep the line of the secret is that may go on
    for line in (data or b"").decode("utf-8", "replace").split("\n"):
        masked = _SECRET.sub(r"\1 (hidden)", line)
        if masked != line:
            secret = _depth(line)
        elif secret is not None and _starts(line, secret):
            secret = None
        shown.append(("  (hidden)" if secret is not None and masked == line else masked).removesuffix("\r"))
    return shown


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _starts(line: str, depth: int) -> bool:
    """Whether a line after a secret's, which is ``depth`` deep, is none of its own: in doubt it is."""
    own = _depth(line)
    return own == 0 or (own <= depth and _BEGINNING.match(line, own) is not None)
