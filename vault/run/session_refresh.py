"""The session that ``exec --server`` serves, renewed before it is due, and gone for ever once the vault was locked."""

from __future__ import annotations

import threading

from vault import errors, limits
from vault.cache.freshness import Freshness, ahead_until

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.run.served_session import Served
    from vault.system.clock import Clock


class SessionRefresh:
    """The newest session. ``again`` gets the next one and may wait for AWS; ``locked``: whether the vault was locked since."""

    def __init__(
        self,
        first: Served,
        again: Callable[[], Served],
        *,
        clock: Clock,
        locked: Callable[[], bool] = lambda: False,
    ) -> None:
        self._got = first
        self._again = again
        self._clock = clock
        self._locked = locked
        self._shut = False
        self._one = threading.Lock()  # one renewal at a time
        self._failed = -float(limits.SERVER_RETRY)  # when the last one failed, by the monotonic clock
        self._error: errors.Error | None = None

    def current(self) -> Served:
        """A session that may be handed out. Errors: Locked; what the renewal met, where none may be any more."""
        self._check()
        got = self._got
        freshness = got.freshness(self._clock.time())
        if freshness in (Freshness.FRESH, Freshness.REFRESH_AHEAD):
            return got
        return self._renewed(wait=freshness is Freshness.EXPIRED)

    def ahead(self) -> None:
        """Renew where it is time to; called beside the requests, so that none of them has to wait. Errors: Locked."""
        self._check()
        if self._got.freshness(self._clock.time()) is not Freshness.FRESH:
            self._renewed(wait=False)

    def pause(self) -> float:
        """Seconds until ``ahead`` should be called again. A clock can jump, machines sleep, and a vault is locked."""
        got = self._got
        until = got.expires - ahead_until(got.expires - got.issued) - self._clock.time()
        return min(limits.SERVER_LOOK, max(1.0, until))

    def _check(self) -> None:
        """Wipe the session and refuse, now and for ever, where the vault was locked."""
        if not self._shut and self._locked():
            self._shut = True
        if self._shut:
            self._got.wipe()
            raise errors.Locked(
                "the vault was locked while this server ran, so it serves nothing any more",
                hint="run: awsvault-py unlock, and start the command again",
            )

    def _renewed(self, *, wait: bool) -> Served:
        if not self._one.acquire(blocking=wait):
            return self._got  # somebody is at it, and this one still lives
        try:
            now = self._clock.time()
            freshness = self._got.freshness(now)
            if freshness is Freshness.FRESH:
                return self._got  # somebody was faster
            if self._clock.monotonic() - self._failed < limits.SERVER_RETRY and self._error is not None:
                return self._or(self._error, freshness)
            try:
                newer = self._again()
            except errors.Error as error:
                self._failed, self._error = self._clock.monotonic(), error
                return self._or(error, freshness)
            before, self._got, self._error = self._got, newer, None
            before.wipe()
            self._check()  # a lock that came meanwhile
            if newer.freshness(self._clock.time()) is Freshness.EXPIRED:
                late = errors.Unreachable("AWS gave a session that is over already by this machine's clock")
                self._failed, self._error = self._clock.monotonic(), late
                raise late
            return newer
        finally:
            self._one.release()

    def _or(self, error: errors.Error, freshness: Freshness) -> Served:
        """The session in hand where it still lives, else the error."""
        self._check()
        if freshness is Freshness.EXPIRED:
            raise error
        return self._got
