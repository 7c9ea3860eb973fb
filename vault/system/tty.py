"""The terminal: opens /dev/tty, writes to it, and restores it after any signal. Never prompts."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import Literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

Reason = Literal["impossible", "cancelled", "timeout"]


class NoAnswer(Exception):  # callers turn it into the error that fits their command
    """There is no answer. ``reason``: no prompt is possible (``impossible``), the user ``cancelled``, or a ``timeout``."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message

    def told(self, outcome: str = "cancelled") -> str:
        """``outcome`` for a message, with the reason unless the user cancelled."""
        return outcome if self.reason == "cancelled" else f"{outcome}: {self.message}"


def has_terminal() -> bool:
    """Whether /dev/tty opens and this process is in its foreground group, so that it gets what is typed."""
    try:
        os.close(open_terminal())
    except NoAnswer:
        return False
    return True


def open_terminal() -> int:
    """A descriptor of /dev/tty, for a process in the foreground. NoAnswer ("impossible")."""
    try:
        fd = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        raise NoAnswer("impossible", "there is no terminal for a prompt") from None
    try:
        foreground = os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        foreground = False
    if not foreground:  # SIGTTIN would stop a background job that reads, and its caller would hang
        os.close(fd)
        raise NoAnswer("impossible", "this process is not in the foreground of the terminal")
    return fd


class Signalled(BaseException):
    """A signal came while the terminal was changed. The handler raises this, so that the terminal is restored first."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextlib.contextmanager
def signals_raise() -> Iterator[int]:
    """Inside the block, the first signal that would end or stop the process raises Signalled. Ignored signals stay
    ignored.

    Yields a descriptor that becomes readable with the signal. Wait for it together with the terminal; otherwise a
    signal just before the wait is noticed only after it. Only the first signal raises: a second Ctrl-C must not
    interrupt the restoring of the terminal.
    """
    before = {}
    came: list[int] = []

    def handler(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        if len(came) == 1:
            raise Signalled(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP)
    wake, waker = os.pipe()  # not inherited by children
    os.set_blocking(waker, False)
    woken_before = -1
    try:
        woken_before = signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        for number in numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handler)
    except ValueError:  # not in the main thread, where Python runs no handler anyway
        pass
    try:
        yield wake
    finally:
        for number, was in before.items():
            signal.signal(number, was if was is not None else signal.SIG_DFL)
        with contextlib.suppress(ValueError):
            signal.set_wakeup_fd(woken_before)
        os.close(wake)
        os.close(waker)


def write(fd: int, text: str) -> None:
    """Write all of ``text`` to the terminal. The caller has escaped what came from outside."""
    raw = text.encode("utf-8", "replace")
    with contextlib.suppress(OSError):  # a closed terminal is noticed at the next read
        while raw:
            raw = raw[os.write(fd, raw) :]
