"""The sessions that the agent answers with: JSON lines by profile and fingerprint. In memory only, zeroed when dropped."""

from __future__ import annotations

from vault import limits
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class AgentSession:
    """One session: its issue and expiry in Unix seconds, its JSON line, and when a client was last told to refresh it."""

    __slots__ = ("asked", "body", "expires", "issued")

    def __init__(self, body: bytearray, *, issued: int, expires: int) -> None:
        self.body = body
        self.issued = issued
        self.expires = expires
        self.asked = 0.0

    def wipe(self) -> None:
        """Overwrite the JSON in place."""
        self.body[:] = bytes(len(self.body))


class CachedAnswer(NamedTuple):
    """The answer to a warm export. ``refresh``: this client should refresh the session. ``expires`` is in Unix seconds."""

    body: bytearray
    refresh: bool
    expires: int


class SessionRow(NamedTuple):
    """A row of STATUS, in Unix seconds. From ``due`` on, the session is refreshed before it is served."""

    profile: str
    issued: int
    expires: int
    due: int


class SessionCache:
    """At most limits.AGENT_SESSIONS sessions; to make room, those that expire first are dropped.

    ``freshness`` says how fresh a session is (fresh, ahead, due, over), from issued, expires and now. ``margin`` gives
    the seconds before its expiry from which a session of that TTL is due. Both are the session cache's
    (cache/freshness).
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
        self._kept: dict[bytes, AgentSession] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: bytes, *, now: float) -> CachedAnswer | None:
        """The session to serve at Unix time ``now``; None if there is none or it is due."""
        cached = self._kept.get(key)
        if cached is None:
            return None
        freshness = self._freshness(cached.issued, cached.expires, now)
        if freshness == "over":
            self._drop(key)
            return None
        if freshness == "due":
            return None
        refresh = freshness == "ahead" and not 0 <= now - cached.asked < limits.REFRESH_AGAIN
        if refresh:
            cached.asked = now
        return CachedAnswer(cached.body, refresh, cached.expires)

    def put(self, key: bytes, body: bytearray, *, issued: int, expires: int, now: float) -> bool:
        """Keep a session for ``key`` and replace the one before. False if it has expired already."""
        cached = AgentSession(body, issued=issued, expires=expires)
        if self._freshness(issued, expires, now) == "over":
            cached.wipe()
            return False
        self._drop(key)
        if len(self._kept) >= self._most:
            self._make_room(now)
        self._kept[key] = cached
        return True

    def _make_room(self, now: float) -> None:
        """Drop the expired sessions; if there are none, the sixteenth of all that expires first."""
        over = [k for k, w in self._kept.items() if self._freshness(w.issued, w.expires, now) == "over"]
        for key in (
            over or sorted(self._kept, key=lambda k: self._kept[k].expires)[: max(1, self._most // 16)]
        ):
            self._drop(key)

    def _drop(self, key: bytes) -> None:
        cached = self._kept.pop(key, None)
        if cached is not None:
            cached.wipe()

    def ends(self, profile: str, *, now: float) -> int:
        """The expiry of the profile's session in Unix seconds: the latest that may still be served, 0 if there is none."""
        start = _start(profile)
        return max(
            (
                cached.expires
                for key, cached in self._kept.items()
                if key.startswith(start) and self._freshness(cached.issued, cached.expires, now) != "over"
            ),
            default=0,
        )

    def drop(self, profile: str) -> int:
        """Drop the sessions of one profile, or of all if ``profile`` is empty. Returns how many there were."""
        start = _start(profile)
        keys = [key for key in self._kept if not profile or key.startswith(start)]
        for key in keys:
            self._drop(key)
        return len(keys)

    def rows(self, *, now: float) -> Iterator[SessionRow]:
        """The sessions that may still be served, by profile. If a profile has several, the one that expires last."""
        latest: dict[bytes, AgentSession] = {}
        for key, cached in self._kept.items():
            name = key.partition(b"\0")[0]
            if self._freshness(cached.issued, cached.expires, now) != "over" and (
                name not in latest or latest[name].expires < cached.expires
            ):
                latest[name] = cached
        for name in sorted(latest):
            cached = latest[name]
            due = int(cached.expires - self._margin(cached.expires - cached.issued))
            yield SessionRow(name.decode("utf-8", "surrogateescape"), cached.issued, cached.expires, due)


def _start(profile: str) -> bytes:
    """The start of the key of each session of a profile."""
    return profile.encode("utf-8", "surrogateescape") + b"\0"
