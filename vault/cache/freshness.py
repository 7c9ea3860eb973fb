"""How fresh a session is, by the time until its expiry. Pure: no clock, no files (docs/security.md, session cache)."""

from __future__ import annotations

from vault import limits


class Freshness:
    """How a session is served. FRESH: as it is. REFRESH_AHEAD: as it is, and refreshed in the background. REFRESH_DUE:
    refreshed first, and served as it is only if that fails. EXPIRED: never.

    Not an Enum: importing enum takes a third of the time that Python takes to start, and each disk hit would pay for
    it.
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


def margin(ttl: float) -> float:
    """Seconds before its expiry from which a session with this TTL is refreshed before it is served."""
    return limits.MARGIN if ttl >= limits.FULL_MARGIN_FROM else ttl / limits.MARGIN_SHARE


def ahead_until(ttl: float) -> float:
    """Seconds before its expiry from which a session with this TTL is refreshed in the background."""
    return margin(ttl) + min(limits.AHEAD, ttl / limits.AHEAD_SHARE)


def floor(ttl: float) -> float:
    """Seconds before its expiry from which a session with this TTL is not served."""
    return min(limits.FLOOR, ttl / limits.FLOOR_SHARE)


def classify(*, issued: int, expires: int, now: float) -> Freshness:
    """The freshness of a session with these Unix times. Times that cannot be right (clock set back, endless TTL) are EXPIRED."""
    ttl = expires - issued
    left = expires - now
    if not 0 < ttl <= limits.MAX_TTL or issued > now + limits.ISSUED_AHEAD or left <= floor(ttl):
        return Freshness.EXPIRED
    if left <= margin(ttl):
        return Freshness.REFRESH_DUE
    return Freshness.REFRESH_AHEAD if left <= ahead_until(ttl) else Freshness.FRESH
