"""Escapes text for terminals, and finds similar names. All text from outside passes through here before the user sees it.

Config values, profile names and AWS's answers may contain control characters, bidi overrides or line ends. None of these may
reach a terminal unescaped (docs/security.md, hostile names).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# Bidi controls, zero-width characters, line and paragraph separators. They change how the rest of a line is read, whether or
# not str.isprintable calls them printable.
_INVISIBLE = frozenset(
    [
        *(0xAD, 0x061C, 0x115F, 0x1160, 0x3164, 0xFEFF, 0xFFA0),
        *range(0x200B, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFFF9, 0xFFFD),
    ]
)


_PLAIN = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-"
)  # which a shell takes as they are


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def safe(text: str, *, limit: int = 400) -> str:
    """``text`` for a terminal, cut to ``limit`` characters. Control, bidi, invisible and lone surrogate characters become
    escapes.
    """
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(c if c.isprintable() and ord(c) not in _INVISIBLE else _escape(c) for c in shown)


def ascii_safe(text: str, *, limit: int = 400) -> str:
    """``text`` for the error lines that SDKs capture, cut to ``limit`` characters. All but printable ASCII becomes escapes."""
    shown = text if len(text) <= limit else text[: limit - 3] + "..."
    return "".join(c if " " <= c <= "~" else _escape(c) for c in shown.replace("…", "..."))


def trimmed(text: str) -> str:
    """``text`` without the characters that pasting adds at its ends: whitespace, line ends and invisible characters."""
    start, end = 0, len(text)
    while start < end and _is_blank(text[start]):
        start += 1
    while start < end and _is_blank(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_blank(character: str) -> bool:
    return character.isspace() or ord(character) in _INVISIBLE


def command(words: str, name: str) -> str:
    """The command line ``awsvault-py WORDS NAME``, with ``name`` quoted for a shell, whatever characters it has.

    WORDS may end with ``--sso``, whose value is the name.
    """
    quoted = safe(name)
    if not quoted or not _PLAIN.issuperset(quoted):
        from shlex import quote  # 4 ms, and few names need it

        quoted = quote(quoted)
    if name.startswith("-"):
        if words.endswith(" --sso"):
            return f"awsvault-py {words}={quoted}"
        quoted = f"--profile={quoted}" if words.startswith("exec") else f"-- {quoted}"
    return f"awsvault-py {words} {quoted}"


def nearest(name: str, known: list[str], *, cutoff: float = 0.6) -> str | None:
    """The known name most similar to ``name``, for "did you mean"; None if no similarity reaches ``cutoff`` (0 to 1)."""
    from difflib import get_close_matches  # 4 ms, and only an error needs it

    by_folded = {k.casefold(): k for k in known}
    match = get_close_matches(name.casefold(), list(by_folded), n=1, cutoff=cutoff)
    return by_folded[match[0]] if match else None


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """A hint that suggests the known name most similar to ``name``, or None."""
    near = nearest(name, list(known))
    return f"did you mean {safe(near)}?" if near is not None else None
