"""Waiting until a signal asks this process to end, while its threads work."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager

from vault.system.poll import readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, kill, the end of the terminal


@contextmanager
def until_signal(
    numbers: Sequence[int], *, every: float
) -> Iterator[Callable[[float | None, Callable[[], bool]], bool]]:
    """Catch the signals ``numbers`` inside the block, except those that are ignored (nohup).

    Gives a function ``wait(seconds, stopped)``: it returns False once a signal came or after ``seconds`` (None: no limit), and
    True once ``stopped()`` is true, which is checked every ``every`` seconds. The sleep of the machine counts: of the monotonic
    clock, which stands still then, and the wall clock, which can be set back, the first one decides.
    """
    near, far = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK) if hasattr(os, "pipe2") else _pipe()
    watched = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _note) for number in watched}
    # Not a lock that a handler would set: the handler can interrupt the thread that holds it.
    wakes = signal.set_wakeup_fd(far, warn_on_full_buffer=False)

    def wait(seconds: float | None, stopped: Callable[[], bool]) -> bool:
        clocks = (time.monotonic, time.time)
        ends = [] if seconds is None else [(clock, clock() + seconds) for clock in clocks]
        while not stopped():
            left = min(every, *(end - clock() for clock, end in ends)) if ends else every
            if left <= 0:
                return False
            if readable([near], left) and set(os.read(near, 256)) & set(watched):
                return False
        return True

    try:
        yield wait
    finally:
        signal.set_wakeup_fd(wakes)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(near)
        os.close(far)


def _note(_number: int, _frame: object) -> None:
    """The pipe has the signal's number."""


def _pipe() -> tuple[int, int]:
    ends = os.pipe()
    for end in ends:
        os.set_blocking(end, False)
    return ends
