"""The warm sessions of the agent: ready-made answers under profile and fingerprint. Memory only, zeroed when dropped."""

from __future__ import annotations

from typing import NamedTuple

from vault import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class WarmSession:
    """One session: unix seconds of issue and expiry, its JSON line, and when a renewal was last asked for."""

    __slots__ = ("asked", "body", "expires", "issued")

    def __init__(self, body: bytearray, *, issued: int, expires: int) -> None:
        self.body = body
        self.issued = issued
        self.expires = expires
        self.asked = 0.0

    def wipe(self) -> None:
        """Overwrite the JSON where it stands."""
        self.body[:] = bytes(len(self.body))


class WarmAnswer(NamedTuple):
    """What a warm export is answered with. ``renew``: this client is to renew the session; ``expires`` is unix seconds."""

    body: bytearray
    renew: bool
    expires: int


class SessionRow(NamedTuple):
    """A line of STATUS: unix seconds, ``due`` being when the session is renewed before it is served."""

    profile: str
    issued: int
    expires: int
    due: int


class WarmSessions:
    """At most limits.AGENT_SESSIONS of them; the one that ends first makes room.

    ``band`` names the band of a session (fresh, ahead, due, over) from issued, expires and now; ``margin`` gives
    the seconds before its end at which one of that life is due. Both come from the session cache's own table.
    """

    def __init__(
        self,
        *,
        freshness: Callable[[int, int, float], str],
        margin: Callable[[float], float],
        most: int = limits.AGENT_SESSIONS,
    ) -> None:
        self._freshness = freshness
        self._margin = margin
        self._most = most
        self._kept: dict[bytes, WarmSession] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: bytes, *, now: float) -> WarmAnswer | None:
        """The session to serve at unix time ``now``; None where there is none or it is due."""
        warm = self._kept.get(key)
        if warm is None:
            return None
        freshness = self._freshness(warm.issued, warm.expires, now)
        if freshness == "over":
            self._drop(key)
            return None
        if freshness == "due":
            return None
        renew = freshness == "ahead" and not 0 <= now - warm.asked < limits.RENEW_AGAIN
        if renew:
            warm.asked = now
        return WarmAnswer(warm.body, renew, warm.expires)

    def put(self, key: bytes, body: bytearray, *, issued: int, expires: int, now: float) -> bool:
        """Keep a session for ``key`` in place of the one before; False where it is over already."""
        warm = WarmSession(body, issued=issued, expires=expires)
        if self._freshness(issued, expires, now) == "over":
            warm.wipe()
            return False
        self._drop(key)
        if len(self._kept) >= self._most:
            self._make_room(now)
        self._kept[key] = warm
        return True

    def _make_room(self, now: float) -> None:
        """Drop what is over; where nothing is, a sixteenth of all, those that end first."""
        over = [k for k, w in self._kept.items() if self._freshness(w.issued, w.expires, now) == "over"]
        for key in (
            over or sorted(self._kept, key=lambda k: self._kept[k].expires)[: max(1, self._most // 16)]
        ):
            self._drop(key)

    def _drop(self, key: bytes) -> None:
        warm = self._kept.pop(key, None)
        if warm is not None:
            warm.wipe()

    def ends(self, profile: str, *, now: float) -> int:
        """When the profile's session ends, in unix seconds: of several that may be served the last; 0 where there is none."""
        start = _start(profile)
        return max(
            (
                warm.expires
                for key, warm in self._kept.items()
                if key.startswith(start) and self._freshness(warm.issued, warm.expires, now) != "over"
            ),
            default=0,
        )

    def drop(self, profile: str) -> int:
        """Forget the sessions of one profile, or of all where ``profile`` is empty. How many there were."""
        start = _start(profile)
        keys = [key for key in self._kept if not profile or key.startswith(start)]
        for key in keys:
            self._drop(key)
        return len(keys)

    def rows(self, *, now: float) -> Iterator[SessionRow]:
        """The sessions that may still be served, by profile; of one under two fingerprints the one that ends last."""
        latest: dict[bytes, WarmSession] = {}
        for key, warm in self._kept.items():
            name = key.partition(b"\0")[0]
            if self._freshness(warm.issued, warm.expires, now) != "over" and (
                name not in latest or latest[name].expires < warm.expires
            ):
                latest[name] = warm
        for name in sorted(latest):
            warm = latest[name]
            due = int(warm.expires - self._margin(warm.expires - warm.issued))
            yield SessionRow(name.decode("utf-8", "surrogateescape"), warm.issued, warm.expires, due)


def _start(profile: str) -> bytes:
    """What the keys of a profile's sessions begin with."""
    return profile.encode("utf-8", "surrogateescape") + b"\0"
