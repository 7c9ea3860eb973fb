"""How a session is treated by the time it has left. Pure: no clock, no files (docs/security.md, session cache)."""

from __future__ import annotations

from vault import limits


class Freshness:
    """FRESH: served. REFRESH_AHEAD: served, refreshed in the background. REFRESH_DUE: refreshed first, served if that fails.
    EXPIRED: never served.

    No Enum: importing that takes a third of the time of Python's own start, on the way of each hit on disk.
    """

    __slots__ = ("value",)
    FRESH: Freshness
    REFRESH_AHEAD: Freshness
    REFRESH_DUE: Freshness
    EXPIRED: Freshness

    def __init__(self, value: str) -> None:
        self.value = value


Freshness.FRESH, Freshness.REFRESH_AHEAD, Freshness.REFRESH_DUE, Freshness.EXPIRED = map(
    Freshness, ("fresh", "ahead", "due", "over")
)


def margin(life: float) -> float:
    """Seconds before its end from which a session of ``life`` seconds is renewed before it is served."""
    return limits.MARGIN if life >= limits.FULL_MARGIN_FROM else life / limits.MARGIN_SHARE


def ahead_until(life: float) -> float:
    """Seconds left up to which a session is renewed beside being served."""
    return margin(life) + min(limits.AHEAD, life / limits.AHEAD_SHARE)


def floor(life: float) -> float:
    """Seconds left below which a session is not served at all."""
    return min(limits.FLOOR, life / limits.FLOOR_SHARE)


def classify(*, issued: int, expires: int, now: float) -> Freshness:
    """The freshness of a session with these unix times. What cannot be right (clock set back, endless life) is EXPIRED."""
    life = expires - issued
    left = expires - now
    if not 0 < life <= limits.MAX_TTL or issued > now + limits.ISSUED_AHEAD or left <= floor(life):
        return Freshness.EXPIRED
    if left <= margin(life):
        return Freshness.REFRESH_DUE
    return Freshness.REFRESH_AHEAD if left <= ahead_until(life) else Freshness.FRESH
