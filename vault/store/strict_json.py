"""The JSON of the vault file: a strict reader and a compact writer. Pure.

Header, boxes and pin share one dialect (format.md 2): no duplicate keys, no floats, no NaN, integers from 0 to 2^53, at
most eight levels, no lone surrogates. Whatever is read is written back unchanged, so unknown keys survive.
"""

from __future__ import annotations

from vault import limits, plain_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_LONGEST = len(str(limits.MAX_JSON_INT))
_OUTSIDE = "an integer is outside 0 to 2^53"
Json = None | bool | int | str | list["Json"] | dict[str, "Json"]


class JsonError(ValueError):
    """The text is not valid in the vault. The message quotes no value: boxes contain secrets."""


def parse(raw: bytes) -> Json:
    """The value of ``raw``, UTF-8. JsonError says what is wrong with it."""
    try:
        value: Json = plain_json.loads(
            raw.decode("utf-8"), no_numbers_but_int=_no_float, integer=_integer, pairs=_object
        )
    except UnicodeDecodeError:
        raise JsonError("not UTF-8") from None
    except RecursionError:
        raise JsonError(f"nested deeper than {limits.MAX_JSON_DEPTH} levels") from None
    except JsonError:
        raise
    except ValueError as e:  # the reader's own has ``pos`` too
        raise JsonError(f"not JSON at character {getattr(e, 'pos', 0)}") from None
    _check_depth(value, 1)
    if b"\\u" in raw:  # as UTF-8 has none of them, only an escape can be half of a surrogate pair
        _check_texts(value)
    return value


def compact(value: Json) -> bytes:
    """ASCII, no spaces, keys in their order: the form of the header and the boxes.

    JsonError if ``parse`` would refuse it (half of a surrogate pair in a name, an integer over the limit).
    """
    _check_depth(value, 1)
    text = plain_json.dumps(value, compact=True, finite=True)
    if "\\ud" in text:  # the escape of a surrogate, or of a pair
        _check_texts(value)
    return text.encode("ascii")


def canonical(value: Json) -> bytes:
    """``compact`` with sorted keys at every level: the input of AADs and MACs."""
    return plain_json.dumps(value, compact=True, ordered=True, finite=True).encode("ascii")


def object_of(value: Json, what: str) -> dict[str, Json]:
    """``value`` as an object."""
    if not isinstance(value, dict):
        raise JsonError(f"{what} is not an object")
    return value


def text_of(value: Json, what: str) -> str:
    """``value`` as a string."""
    if not isinstance(value, str):
        raise JsonError(f"{what} is not a string")
    return value


def integer_of(value: Json, what: str) -> int:
    """``value`` as an integer. True is not one, although it is in Python."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise JsonError(f"{what} is not an integer")
    return value


def boolean_of(value: Json, what: str) -> bool:
    """``value`` as true or false."""
    if not isinstance(value, bool):
        raise JsonError(f"{what} is not true or false")
    return value


def list_of(value: Json, what: str) -> list[Json]:
    """``value`` as an array."""
    if not isinstance(value, list):
        raise JsonError(f"{what} is not an array")
    return value


def exact_keys(value: dict[str, Json], keys: frozenset[str], what: str) -> None:
    """Refuse an object with a missing or an unknown key."""
    if value.keys() != keys:
        wrong = sorted(value.keys() ^ keys)
        state = "has no" if wrong[0] in keys else "has the unknown key"
        raise JsonError(f"{what} {state} {wrong[0]!a:.40}")


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise JsonError("an object has the same key twice")
    return value


def _integer(digits: str) -> int:
    # Check sign and length first: "-0" is not a second zero, and a million digits are never converted.
    if digits[0] == "-" or (
        len(digits) >= _LONGEST and (len(digits) > _LONGEST or int(digits) > limits.MAX_JSON_INT)
    ):
        raise JsonError(_OUTSIDE)
    return int(digits)


def _no_float(_digits: str) -> NoReturn:
    raise JsonError("a number is not an integer")


def _check_depth(value: Json, depth: int) -> None:
    """JsonError if it has too many levels, or an integer that ``_integer`` refuses."""
    if not isinstance(value, dict | list):
        if isinstance(value, int) and not 0 <= value <= limits.MAX_JSON_INT:
            raise JsonError(_OUTSIDE)
        return
    if depth > limits.MAX_JSON_DEPTH:
        raise JsonError(f"nested deeper than {limits.MAX_JSON_DEPTH} levels")
    for item in value.values() if isinstance(value, dict) else value:
        # Most values are strings: a call for each of 100,000 would take longer than reading them.
        if item.__class__ is not str and not (isinstance(item, int) and 0 <= item <= limits.MAX_JSON_INT):
            _check_depth(item, depth + 1)


def _check_texts(value: Json) -> None:
    """JsonError if a text has half of a surrogate pair. Its levels were counted before."""
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
            raise JsonError("half of a surrogate pair in a text")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_texts(key)
            _check_texts(item)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)
