"""What scripts/check-source still allows, by rule. An entry that is no longer needed is an error."""

from __future__ import annotations

EXCEPTIONS = {
    "cycle": {},
    "mirror": set(),
    "package": set(),
    "platform": set(),
}
