"""Shows changes of files as a diff. Pure. Never shows a secret, not even in a comment."""

from __future__ import annotations

import re
from difflib import unified_diff

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_SECRET = re.compile(r"(aws_(?:secret_access_key|session_token|security_token)\s*[=:]).*", re.IGNORECASE)
# The start of a section or a property. Text that ends in = may be the padding of a secret.
_BEGINNING = re.compile(r"\[|[A-Za-z_]\w*[ \t]*=[ \t]*[^=\s]", re.ASCII)


def diff(path: str, before: bytes | None, after: bytes | None, *, lines: bool) -> Iterator[str]:
    """Yield the lines of a unified diff. The heading says if a file is new or removed.

    Without ``lines``, yields only the heading: a file that is not AWS's may have secrets anywhere.
    """
    yield f"--- {path}{' (new)' if before is None else ''}"
    yield f"+++ {path}{' (removed)' if after is None else ''}"
    if after is None or not lines:
        return
    yield from list(unified_diff(_lines(before), _lines(after), n=2, lineterm=""))[2:]


def _lines(data: bytes | None) -> list[str]:
    """The lines of ``data`` with secrets and their continuation lines hidden, and without CRs, which a terminal would obey."""
    shown = []
    secret: int | None = None  # the indentation of the secret's line, which may continue
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
    """Whether a line after a secret starts a new property; if in doubt, no. ``depth``: the indentation of the secret's line."""
    own = _depth(line)
    return own == 0 or (own <= depth and _BEGINNING.match(line, own) is not None)
