"""Time that a test moves, for commands in processes of their own and for the stand-in: no test waits for real seconds.

The commands get it from outside, by a library that is loaded before theirs (clock.c). Long sleeps take no time: the
clock moves on by what was asked for, in every process of the test.
"""

from __future__ import annotations

import mmap
import os
import struct
import subprocess
import time

from tests import forked, once
from tests.fakes.model import Clock
from vault.system.clock import SystemClock

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pytest

    from tests.fakes.world import World
    from tests.home import Home

NANO = 10**9
NAME = "clock.so"
FIELDS = 3  # of the shared file, as clock.c has them
LONG = 0.5  # seconds from which a sleep takes no time, as clock.c has it
STEP = 30  # seconds of an MFA code


class MovedClock:
    """One clock: ``move`` lets time pass for all, ``skew`` sets the machine's wall clock wrong and AWS's not."""

    def __init__(self, folder: str) -> None:
        os.makedirs(folder, exist_ok=True)
        self.path = os.path.join(folder, "clock")
        with open(self.path, "wb") as made:
            made.write(bytes(FIELDS * 8))
        with open(self.path, "r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), FIELDS * 8)

    def drive(self, home: Home, world: World) -> None:
        """From now on ``home``'s commands and ``world`` live by this clock."""
        library, others = build(), home.env.get("LD_PRELOAD")
        home.env["LD_PRELOAD"] = f"{library}:{others}" if others else library
        home.env["TEST_CLOCK"] = self.path
        self.drive_aws(world)

    def drive_aws(self, world: World) -> None:
        """``world`` lives by this clock."""
        world.clock = AwsClock(self)

    def drive_this_process(self, patch: pytest.MonkeyPatch) -> None:
        """The same for what a test runs of the program in its own process."""
        patch.setattr(SystemClock, "time", lambda _: self.now())
        patch.setattr(SystemClock, "monotonic", lambda _: time.monotonic() + self.passed)
        patch.setattr(SystemClock, "sleep", lambda _, seconds: self.sleep(seconds))

    @property
    def passed(self) -> float:
        """Seconds that went by without being waited for."""
        return struct.unpack_from("q", self._shared, 0)[0] / NANO

    def move(self, seconds: float) -> None:
        """Let time pass."""
        struct.pack_into("q", self._shared, 0, round((self.passed + seconds) * NANO))

    def sleep(self, seconds: float) -> None:
        """As a command's own: a long one takes no time."""
        if seconds >= LONG and not struct.unpack_from("q", self._shared, 16)[0]:
            self.move(seconds)
        else:
            time.sleep(seconds)

    def early_in_a_step(self) -> None:
        """Go on to a moment when most of an MFA code's step is left."""
        into = self.now() % STEP
        if into > STEP / 4:
            self.move(STEP - into)

    def let_them_wait(self) -> None:
        """From now on a sleep takes its real time: for those whom a test meets while they wait."""
        struct.pack_into("q", self._shared, 16, 1)

    def skew(self, seconds: float) -> None:
        """The machine's wall clock is wrong by so much."""
        struct.pack_into("q", self._shared, 8, round(seconds * NANO))

    def now(self) -> float:
        """What the machine's wall clock shows, in Unix seconds."""
        return time.time() + self.passed + struct.unpack_from("q", self._shared, 8)[0] / NANO


class AwsClock(Clock):
    """The stand-in's clock: it is never wrong."""

    def __init__(self, moved: MovedClock) -> None:
        super().__init__()
        self._moved = moved

    def now(self) -> float:
        return super().now() + (self._moved.passed if self.frozen is None else 0.0)


def build() -> str:
    """Compile clock.c, once in a run of tests; the library's path."""
    path = os.path.join(once.made("clock", _compile), NAME)
    forked.PRELOADABLE.add(path)
    return path


def _compile(folder: str) -> None:
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clock.c")
    words = ("-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", os.path.join(folder, NAME))
    subprocess.run(["cc", *words, source, "-ldl"], check=True)
