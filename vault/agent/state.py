"""Whether the agent is unlocked, and until when: the time limits on its keys, the pins reported to it, and the user's
``lock``.

Time limits use a clock that runs while the machine sleeps. No sockets, no files.
"""

from __future__ import annotations

import math
import sys
import time

from vault import limits
from vault.records import NamedTuple, Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from vault.agent.key_page import KeyPage
    from vault.agent.session_cache import SessionCache


class AgentClock(Protocol):
    """The three clocks of the agent, in seconds."""

    def time(self) -> float:
        """Unix time."""

    def boot(self) -> float:
        """Since boot, counting suspension."""

    def running(self) -> float:
        """Since boot, not counting suspension."""


class BootClock:
    """The machine's clocks."""

    _boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # on macOS CLOCK_MONOTONIC counts sleep

    def time(self) -> float:
        """Unix time."""
        return time.time()

    def boot(self) -> float:
        """Since boot, counting suspension."""
        return time.clock_gettime(self._boot)

    def running(self) -> float:
        """Since boot, not counting suspension."""
        if sys.platform == "darwin":
            return time.clock_gettime(time.CLOCK_UPTIME_RAW)
        return time.clock_gettime(time.CLOCK_MONOTONIC)


class ReportedPin(NamedTuple):
    """A generation of the vault that a process reported, bytes in hexadecimal (format.md 6). Its MACs prove it to
    processes that have the main key.
    """

    gen: int
    digest: str
    rekeyed: int
    macs: list[str]


class AgentState:
    """Locked at first. ``why`` is "" while unlocked, otherwise "locked" (at first, or by a limit) or "held" (the user
    ran ``lock``).
    """

    def __init__(self, *, page: KeyPage, sessions: SessionCache, clock: AgentClock) -> None:
        self._page = page
        self._sessions = sessions
        self._clock = clock
        self.why = "locked"
        self.vault = ""
        self.opened = 0  # Unix seconds
        self.shut = clock.boot()  # when it was last locked, by the clock of the limits
        self.seen: list[ReportedPin] = []  # the newest last
        self._idle = self._hard = self._strict_for = 0
        self._idle_end = self._hard_end = self._strict_end = 0.0
        self._lock_on_sleep = True
        self._agreed: dict[str, float] = {}  # what was confirmed, and until when
        self._slept = self._drift()
        self.before_change: Callable[[], None] = lambda: None  # called while the keys are still there

    def _drift(self) -> float:
        return self._clock.boot() - self._clock.running()

    def check(self) -> bool:
        """Whether it is unlocked now. Locks if a limit has passed or the machine slept; call this before any use."""
        now, drift = self._clock.boot(), self._drift()
        slept = drift - self._slept > limits.AGENT_SLEPT
        self._slept = drift
        if self.why:
            return False
        if now >= min(self._idle_end, self._hard_end) or (slept and self._lock_on_sleep):
            self.lock(hold=False)
            return False
        if self._page.has("strict") and now >= self._strict_end:
            self._page.drop("strict")
        return True

    def used(self) -> None:
        """A key or a session was sent to a client: restart the idle limit."""
        self._idle_end = self._clock.boot() + self._idle

    def unlock(
        self, *, vault: str, idle: int, hard: int, strict: int, sleep: bool, keys: tuple[str, ...]
    ) -> None:
        """Unlock with new keys. Limits are in seconds. The sessions of another vault are dropped."""
        now = self._clock.boot()
        if keys != ("strict",):
            if vault != self.vault:
                self._sessions.drop("")
                self._agreed.clear()
                self.seen.clear()
            self.vault = vault
            self.opened = int(self._clock.time())
            self._idle, self._idle_end = idle, now + idle
            self._hard_end = now + hard
            self._lock_on_sleep = sleep
            self.why = ""
        if "strict" in keys:
            self._strict_end = now + strict
        self._slept = self._drift()

    def lock(self, *, hold: bool) -> None:
        """Zero the keys and the sessions. ``hold``: the user ran ``lock``, and only ``unlock`` ends that."""
        self.before_change()
        self._page.clear()
        self._sessions.drop("")
        self._agreed.clear()
        self.shut = self._clock.boot()
        if not (self.why == "held" and not hold):
            self.why = "held" if hold else "locked"

    def agree(self, what: str, *, seconds: float = math.inf) -> bool:
        """Remember that the user confirmed ``what`` (credentials/guardrails), until the next lock and for ``seconds`` at
        most. False if there are too many.
        """
        now = self._clock.boot()
        self._agreed = {known: end for known, end in self._agreed.items() if end > now}
        if len(self._agreed) < limits.AGENT_CONFIRMED or what in self._agreed:
            self._agreed[what] = now + seconds
            return True
        return False

    def agreed(self, what: str) -> bool:
        """Whether the user confirmed ``what`` since the vault was unlocked, and the confirmation still holds."""
        return self._agreed.get(what, 0.0) > self._clock.boot()

    def sleeping(self) -> None:
        """Lock if the settings say so: the machine is about to sleep, or its screen was locked."""
        if not self.why and self._lock_on_sleep:
            self.lock(hold=False)

    def note(self, *, vault: str, over: list[str], **pin: Any) -> bool:
        """Remember a generation of the vault. False if it is another vault's.

        ``over`` names, by their MACs, the ones it replaces. The oldest others are dropped only if there are too many.
        """
        if vault != self.vault:
            return False
        reported = ReportedPin(**pin)
        left = [one for one in self.seen if one != reported and one.macs[0] not in over]
        self.seen = [*left, reported][-limits.AGENT_PINS :]
        return True

    def left(self) -> tuple[float, float]:
        """Seconds until the idle and the hard limit; both 0 while locked."""
        if self.why:
            return 0.0, 0.0
        now = self._clock.boot()
        return max(0.0, self._idle_end - now), max(0.0, self._hard_end - now)

    def wait(self) -> float | None:
        """Seconds until ``check`` has something to do; None while locked."""
        if self.why:
            return None
        now = self._clock.boot()
        ends = [self._idle_end, self._hard_end] + ([self._strict_end] if self._page.has("strict") else [])
        return max(0.0, min(limits.AGENT_TICK, *(end - now for end in ends)))

    @property
    def strict_left(self) -> float:
        """Seconds until the strict seeds lock again; 0 if they are locked."""
        return max(0.0, self._strict_end - self._clock.boot()) if self._page.has("strict") else 0.0
