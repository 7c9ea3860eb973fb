"""Time as an argument: the clock that each operation gets, and the one deadline of a run. Reads no file."""

from __future__ import annotations

import time

from vault.records import NamedTuple, Protocol


class Clock(Protocol):
    """The program's only source of time. Tests pass their own."""

    def time(self) -> float:
        """Unix time in seconds."""

    def monotonic(self) -> float:
        """Seconds that never go back, from an arbitrary start."""

    def sleep(self, seconds: float) -> None:
        """Wait for ``seconds``."""


class SystemClock:
    """The machine's clock."""

    def time(self) -> float:
        """Unix time in seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go back, from an arbitrary start."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for ``seconds``."""
        time.sleep(seconds)


class Deadline(NamedTuple):
    """The moment, on the monotonic clock, at which every wait of this run ends."""

    clock: Clock
    end: float

    @classmethod
    def after(cls, seconds: float, *, clock: Clock | None = None) -> Deadline:
        """A deadline ``seconds`` from now."""
        clock = clock or SystemClock()
        return cls(clock, clock.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self.end - self.clock.monotonic())

    @property
    def expired(self) -> bool:
        """Whether no time is left."""
        return self.remaining() <= 0

    def at_most(self, seconds: float) -> Deadline:
        """The earlier of this deadline and one ``seconds`` from now."""
        return Deadline(self.clock, min(self.end, self.clock.monotonic() + seconds))
