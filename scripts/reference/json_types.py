"""The types of fields in docs/reference/json.md, and when a field is present."""

from __future__ import annotations

ALWAYS, KNOWN = "always", "if known"
TEXT, TIME, SECONDS, NUMBER, BOOLEAN = "text", "time", "seconds", "number", "boolean"
OBJECT, OBJECTS, TEXTS = "object", "list of objects", "list of texts"

Rows = dict[str, tuple[str, str, str]]


def one_of(*values: str) -> str:
    """The type of a field with these values."""
    return "one of " + ", ".join(f"`{value}`" for value in values)
