"""Changes of files as a diff for a person. Pure; what is secret in a line is never shown, in a comment neither."""

from __future__ import annotations

import re
from difflib import unified_diff
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECRET = re.compile(r"(aws_(?:secret_access_key|session_token|security_token)\s*[=:]).*", re.IGNORECASE)


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
    secret = False
    for line in (data or b"").decode("utf-8", "replace").split("\n"):
        masked = _SECRET.sub(r"\1 (hidden)", line)
        secret = masked != line or (secret and line[:1] in (" ", "\t"))
        shown.append(("  (hidden)" if secret and masked == line else masked).removesuffix("\r"))
    return shown
