"""Parses the value of an option that is a time, such as 90m."""

from __future__ import annotations

from vault.errors import Usage
from vault.text import safe


def seconds_of(option: str, text: str, *, least: int = 1, most: int, plain: bool = False) -> int:
    """The seconds that ``text``, the value of ``option``, means. ``plain``: digits alone are seconds. Raises Usage."""
    from vault.settings import duration

    number = int(text) if plain and text.isascii() and text.isdigit() and len(text) < 10 else None
    try:
        return duration(text if number is None else number, least=least, most=most)
    except ValueError as error:
        raise Usage(f"{option} must be {error}, not {safe(text, limit=80)!r}") from None
