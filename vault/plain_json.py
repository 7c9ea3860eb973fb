"""JSON by the interpreter's own reader and writer in C. ``json`` imports re around them, which takes a fifth of Python's start.

For short documents of the program's own: the agent's answers and cached sessions. Where they are missing, it uses ``json``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_SPACE = " \t\n\r"


def loads(text: str, *, no_numbers_but_int: Callable[[str], Any] | None = None) -> Any:
    """The value of a JSON document. ValueError, RecursionError. ``no_numbers_but_int`` is called for any other number."""
    try:
        from _json import make_scanner
    except ImportError:
        import json

        return json.loads(text, parse_float=no_numbers_but_int, parse_constant=no_numbers_but_int)
    start = len(text) - len(text.lstrip(_SPACE))
    try:
        value, end = make_scanner(_How(no_numbers_but_int))(text, start)  # type: ignore[arg-type]  # as json.decoder does
    except StopIteration:
        raise ValueError("no JSON") from None
    if text[end:].strip(_SPACE):
        raise ValueError("more than one JSON document")
    return value


class _How:
    """What the reader asks for: how each kind of value is made."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_int = int

    def __init__(self, other: Callable[[str], Any] | None) -> None:
        self.parse_float = other or float
        self.parse_constant = other or float  # NaN, Infinity, -Infinity
        self.memo: dict[str, str] = {}


def dumps(value: Any, *, compact: bool = False) -> str:
    """``value`` as JSON in ASCII. ``compact``: without spaces. TypeError, ValueError for what JSON cannot hold."""
    between = (":", ",") if compact else (": ", ", ")
    try:
        from _json import encode_basestring_ascii, make_encoder
    except ImportError:
        import json

        return json.dumps(value, separators=(between[1], between[0]))
    return "".join(
        make_encoder({}, _unknown, encode_basestring_ascii, None, *between, False, False, True)(value, 0)
    )


def _unknown(value: Any) -> Any:
    raise TypeError(f"no JSON for {type(value).__name__}")
