"""Escaping for terminals, and similar names. Text from outside reaches the user only through here.

Config values, profile names and AWS's answers may contain control characters, bidi overrides or line ends. None of these may
reach a terminal as it is (docs/security.md, hostile names).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# Bidi controls, zero-width characters, line and paragraph separators. Printable by str.isprintable or not, they change how the
# rest of a line is read.
_INVISIBLE = frozenset(
    [
        *(0xAD, 0x061C, 0x115F, 0x1160, 0x3164, 0xFEFF, 0xFFA0),
        *range(0x200B, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFFF9, 0xFFFD),
    ]
)


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def safe(text: str, *, limit: int = 400) -> str:
    """``text`` for a terminal, at most ``limit`` characters of it: control, bidi, invisible and lone surrogate characters
    become escapes.
    """
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(c if c.isprintable() and ord(c) not in _INVISIBLE else _escape(c) for c in shown)


def ascii_safe(text: str, *, limit: int = 400) -> str:
    """``text`` for the error lines that SDKs capture: printable ASCII; the rest becomes escapes."""
    shown = text if len(text) <= limit else text[: limit - 3] + "..."
    return "".join(c if " " <= c <= "~" else _escape(c) for c in shown.replace("…", "..."))


def trimmed(text: str) -> str:
    """``text`` without what a paste adds at its ends: blanks of every kind, line ends, invisible characters."""
    start, end = 0, len(text)
    while start < end and _is_blank(text[start]):
        start += 1
    while start < end and _is_blank(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_blank(character: str) -> bool:
    return character.isspace() or ord(character) in _INVISIBLE


def command(words: str, name: str) -> str:
    """``awsvault-py WORDS NAME``, quoted for a shell, for any name of a profile or entry."""
    from shlex import quote

    quoted = quote(safe(name))
    if name.startswith("-"):
        quoted = f"--profile={quoted}" if words.startswith("exec") else f"-- {quoted}"
    return f"awsvault-py {words} {quoted}"


def nearest(name: str, known: list[str], *, cutoff: float = 0.6) -> str | None:
    """The known name most similar to ``name``; None if none is as similar as ``cutoff`` (0 to 1). For "did you mean" only."""
    from difflib import get_close_matches  # 4 ms, and only an error needs it

    by_folded = {k.casefold(): k for k in known}
    match = get_close_matches(name.casefold(), list(by_folded), n=1, cutoff=cutoff)
    return by_folded[match[0]] if match else None


def meant(name: str, known: Iterable[str]) -> str | None:
    """A hint that suggests the known name most similar to ``name``, or None."""
    near = nearest(name, list(known))
    return f"did you mean {safe(near)}?" if near is not None else None
