"""Parses the value of an option that is a time, such as 90m."""

from __future__ import annotations

from vault.errors import Usage
from vault.text import safe


def seconds_of(option: str, text: str, *, least: int = 1, most: int) -> int:
    """The seconds that ``text``, the value of ``option``, means. Raises Usage."""
    from vault.settings import duration

    try:
        return duration(text, least=least, most=most)
    except ValueError as error:
        raise Usage(f"{option} must be {error}, not {safe(text, limit=80)!r}") from None
