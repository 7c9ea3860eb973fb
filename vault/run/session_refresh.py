"""Keeps the session that ``exec --server`` serves: refreshes it before it expires, and ends it when the vault is locked."""

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
    """The newest session. ``again`` gets the next one and may wait for AWS. ``locked``: whether the vault has been locked."""

    def __init__(
        self,
        first: Served,
        again: Callable[[], Served],
        *,
        clock: Clock,
        locked: Callable[[], bool] = lambda: False,
    ) -> None:
        self._session = first
        self._again = again
        self._clock = clock
        self._locked = locked
        self._ended = False
        self._refreshing = threading.Lock()  # one refresh at a time
        self._failed = -float(limits.SERVER_RETRY)  # when the last refresh failed, by the monotonic clock
        self._error: errors.Error | None = None

    def current(self) -> Served:
        """A session that may be issued. Raises Locked, and the errors of a refresh if the old session has expired."""
        self._check()
        session = self._session
        freshness = session.freshness(self._clock.time())
        if freshness in (Freshness.FRESH, Freshness.REFRESH_AHEAD):
            return session
        return self._refreshed(wait=freshness is Freshness.EXPIRED)

    def ahead(self) -> None:
        """Refresh the session if it is due. Runs in the background, so that no request has to wait. Raises Locked."""
        self._check()
        if self._session.freshness(self._clock.time()) is not Freshness.FRESH:
            self._refreshed(wait=False)

    def pause(self) -> float:
        """Seconds until the next call of ``ahead``. At most a few, because the clock may jump, the machine may sleep, or the
        vault may be locked.
        """
        session = self._session
        until = session.expires - ahead_until(session.expires - session.issued) - self._clock.time()
        return min(limits.SERVER_LOOK, max(1.0, until))

    def _check(self) -> None:
        """If the vault was locked, wipe the session and raise Locked, now and at every later call."""
        if not self._ended and self._locked():
            self._ended = True
        if self._ended:
            self._session.wipe()
            raise errors.Locked(
                "the vault was locked while this server ran, so the server issues no more credentials",
                hint="run: awsvault-py unlock, and start the command again",
            )

    def _refreshed(self, *, wait: bool) -> Served:
        if not self._refreshing.acquire(blocking=wait):
            return self._session  # another request refreshes it, and this session is still valid
        try:
            now = self._clock.time()
            freshness = self._session.freshness(now)
            if freshness is Freshness.FRESH:
                return self._session  # another request was faster
            if self._clock.monotonic() - self._failed < limits.SERVER_RETRY and self._error is not None:
                return self._or(self._error, freshness)
            try:
                newer = self._again()
            except errors.Error as error:
                self._failed, self._error = self._clock.monotonic(), error
                return self._or(error, freshness)
            before, self._session, self._error = self._session, newer, None
            before.wipe()
            self._check()  # the vault may have been locked meanwhile
            if newer.freshness(self._clock.time()) is Freshness.EXPIRED:
                late = errors.Unreachable(
                    "AWS issued a session that has already expired by this machine's clock"
                )
                self._failed, self._error = self._clock.monotonic(), late
                raise late
            return newer
        finally:
            self._refreshing.release()

    def _or(self, error: errors.Error, freshness: Freshness) -> Served:
        """The current session if it is still valid. Otherwise raises ``error``."""
        self._check()
        if freshness is Freshness.EXPIRED:
            raise error
        return self._session
