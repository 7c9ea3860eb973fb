"""JSON by the interpreter's own reader and writer in C. ``json`` imports re around them, which takes a fifth of Python's start.

For short documents of the program's own: the agent's answers and cached sessions. Where they are missing, it uses ``json``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_SPACE = " \t\n\r"


class NotJson(ValueError):
    """The text is no JSON document from character ``pos`` on."""

    def __init__(self, pos: int) -> None:
        super().__init__(f"no JSON at character {pos}")
        self.pos = pos


def loads(
    text: str,
    *,
    no_numbers_but_int: Callable[[str], Any] | None = None,
    integer: Callable[[str], Any] = int,
    pairs: Callable[[list[tuple[str, Any]]], Any] | None = None,
) -> Any:
    """The value of a JSON document. ValueError with ``pos``, RecursionError. ``no_numbers_but_int`` is called for any other
    number, ``integer`` for an integer, ``pairs`` for an object.
    """
    try:
        from _json import make_scanner
    except ImportError:
        import json

        return json.loads(
            text, parse_float=no_numbers_but_int, parse_constant=no_numbers_but_int, parse_int=integer, object_pairs_hook=pairs
        )  # fmt: skip
    start = len(text) - len(text.lstrip(_SPACE))
    try:
        value, end = make_scanner(_How(no_numbers_but_int, integer, pairs))(text, start)  # type: ignore[arg-type]  # as json.decoder does
    except StopIteration as stop:
        raise NotJson(stop.value) from None
    if rest := text[end:].lstrip(_SPACE):
        raise NotJson(len(text) - len(rest))
    return value


class _How:
    """What the reader asks for: how each kind of value is made."""

    strict = True
    object_hook = None

    def __init__(
        self,
        other: Callable[[str], Any] | None,
        integer: Callable[[str], Any],
        pairs: Callable[[list[tuple[str, Any]]], Any] | None,
    ) -> None:
        self.parse_int = integer
        self.object_pairs_hook = pairs
        self.parse_float = other or float
        self.parse_constant = other or float  # NaN, Infinity, -Infinity
        self.memo: dict[str, str] = {}


def dumps(value: Any, *, compact: bool = False, ordered: bool = False, finite: bool = False) -> str:
    """``value`` as JSON in ASCII. ``compact``: without spaces; ``ordered``: with sorted keys; ``finite``: ValueError for NaN and
    Infinity, which other readers refuse. TypeError, ValueError for what JSON cannot hold.
    """
    between = (":", ",") if compact else (": ", ", ")
    try:
        from _json import encode_basestring_ascii, make_encoder
    except ImportError:
        import json

        return json.dumps(value, separators=(between[1], between[0]), sort_keys=ordered, allow_nan=not finite)
    return "".join(
        make_encoder({}, _unknown, encode_basestring_ascii, None, *between, ordered, False, not finite)(
            value, 0
        )
    )


def _unknown(value: Any) -> Any:
    raise TypeError(f"no JSON for {type(value).__name__}")
