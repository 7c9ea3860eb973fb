"""An access key, its age and its last use as text. Pure."""

from __future__ import annotations

from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.iam import AccessKey

_MINUTE = 60
_UNITS = (("day", 86_400), ("hour", 3_600))


def describe(key: AccessKey, *, now: int, own: str | None = None) -> str:
    """One key: ID, status, age, last use. ``own`` is the ID of the key in the vault."""
    in_vault = " (in the vault)" if key.id == own else ""
    used = "never used" if key.asked else "last use unknown"
    if key.used is not None:
        used = f"last used {ago(now - key.used.at)} for {safe(key.used.service)}"
    status, age = "active" if key.active else "inactive", now - key.created
    created = f"{span(age)} old" if age >= _MINUTE else "created just now"
    return f"{safe(key.id)}{in_vault}: {status}, {created}, {used}"


def ago(seconds: int) -> str:
    """``3 hours ago``; ``just now`` below a minute."""
    return f"{span(seconds)} ago" if seconds >= _MINUTE else "just now"


def span(seconds: int) -> str:
    """A time span in the largest unit of which it has two: ``92 days``, ``3 hours``, ``12 minutes``."""
    seconds = max(0, seconds)
    unit, length = next((each for each in _UNITS if seconds >= 2 * each[1]), ("minute", _MINUTE))
    count = seconds // length
    return f"{count} {unit}{'' if count == 1 else 's'}"
