"""How a session is treated by the time it has left. Pure: no clock, no files (docs/security.md, session cache)."""

from __future__ import annotations

from vault import limits


class Band:
    """Fresh: served. Ahead: served, renewed beside it. Due: renewed first, served if that fails. Over: never served.

    No Enum: importing that takes a third of the time of Python's own start, on the way of each hit on disk.
    """

    __slots__ = ("value",)
    FRESH: Band
    AHEAD: Band
    DUE: Band
    OVER: Band

    def __init__(self, value: str) -> None:
        self.value = value


Band.FRESH, Band.AHEAD, Band.DUE, Band.OVER = map(Band, ("fresh", "ahead", "due", "over"))


def margin(life: float) -> float:
    """Seconds before its end from which a session of ``life`` seconds is renewed before it is served."""
    return limits.MARGIN if life >= limits.MARGIN_FROM_LIFE else life / limits.MARGIN_SHARE


def ahead_until(life: float) -> float:
    """Seconds left up to which a session is renewed beside being served."""
    return margin(life) + min(limits.AHEAD, life / limits.AHEAD_SHARE)


def floor(life: float) -> float:
    """Seconds left below which a session is not served at all."""
    return min(limits.FLOOR, life / limits.FLOOR_SHARE)


def band(*, issued: int, expires: int, now: float) -> Band:
    """The band of a session with these unix times. What cannot be right (clock set back, endless life) is OVER."""
    life = expires - issued
    left = expires - now
    if not 0 < life <= limits.MAX_LIFE or issued > now + limits.ISSUED_AHEAD or left <= floor(life):
        return Band.OVER
    if left <= margin(life):
        return Band.DUE
    return Band.AHEAD if left <= ahead_until(life) else Band.FRESH
