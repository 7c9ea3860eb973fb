"""How fast a run may ask a service that limits its callers: evenly spaced requests, and longer pauses after a refusal."""

from __future__ import annotations

from threading import Lock

from vault import errors, limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from vault.system.clock import Deadline

    Given = TypeVar("Given")


class RequestPace:
    """At most ``rate`` requests a second over all threads that share it, one at a time and never several at once."""

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate
        self._lock = Lock()
        self._next = float("-inf")  # when the next request may be sent, on the monotonic clock

    def call(self, send: Callable[[], Given], *, deadline: Deadline) -> Given:
        """``send()``, in its turn. It must change nothing at AWS: a throttled request is sent again after a pause in which no
        thread sends any, and another temporary failure is tried once more.

        Unreachable if that does not help, or if no time is left.
        """
        throttled = failed = 0
        while True:
            self._wait(deadline)
            try:
                return send()
            except errors.Unreachable as error:
                if error.code == "429":
                    throttled += 1
                else:
                    failed += 1
                if throttled >= limits.SSO_TRIES or failed >= limits.AWS_TRIES or deadline.expired:
                    raise
                pause = limits.SSO_BACKOFF * 2 ** (throttled - 1) if throttled else limits.AWS_RETRY_PAUSE
                self._pause(min(pause, limits.SSO_BACKOFF_MOST), deadline)

    def _wait(self, deadline: Deadline) -> None:
        clock = deadline.clock
        with self._lock:
            turn = max(self._next, clock.monotonic())
            if turn >= deadline.end:
                raise errors.Unreachable("no time left for a call to AWS")
            self._next = turn + self._gap
        pause = turn - clock.monotonic()
        if pause > 0:
            clock.sleep(pause)

    def _pause(self, seconds: float, deadline: Deadline) -> None:
        """No thread's next turn is sooner."""
        with self._lock:
            self._next = max(self._next, deadline.clock.monotonic() + seconds)
