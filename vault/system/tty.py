"""The terminal itself: opening /dev/tty, writing to it, and putting it back whatever signal comes. Asks nothing."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import Literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

Reason = Literal["nobody", "cancelled", "timeout"]


class NoAnswer(Exception):  # a result that callers turn into the error that fits their command
    """No answer was had. ``reason``: ``nobody`` could be asked, they ``cancelled``, or the ``timeout`` came."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def has_terminal() -> bool:
    """Whether /dev/tty opens and we are in its foreground group, so that typing would reach us."""
    try:
        os.close(open_terminal())
    except NoAnswer:
        return False
    return True


def open_terminal() -> int:
    """A descriptor of /dev/tty, for a process of the foreground. NoAnswer ("nobody")."""
    try:
        fd = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        raise NoAnswer("nobody", "there is no terminal to ask on") from None
    try:
        ours = os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        ours = False
    if not ours:  # a background job that reads would be stopped by SIGTTIN, and hang its caller
        os.close(fd)
        raise NoAnswer("nobody", "this process is not in the terminal's foreground")
    return fd


class Signalled(BaseException):
    """A signal came while the terminal was changed: raised by the handler, so that the terminal is put back first."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextlib.contextmanager
def signals_raise() -> Iterator[int]:
    """While it holds, the first signal that would end or stop the process raises Signalled; ignored ones stay ignored.

    Gives a descriptor that becomes readable with the signal, to be waited for beside the terminal: one that came just
    before the wait would else be noticed only after it. Only the first: a second Ctrl-C must not interrupt the putting back of the terminal.
    """
    before = {}
    came: list[int] = []

    def handler(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        if len(came) == 1:
            raise Signalled(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP)
    wake, told = os.pipe()  # Python's pipes are not inherited
    os.set_blocking(told, False)
    woken_before = -1
    try:
        woken_before = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        for number in numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handler)
    except ValueError:  # not the main thread, where Python runs no handler anyway
        pass
    try:
        yield wake
    finally:
        for number, was in before.items():
            signal.signal(number, was if was is not None else signal.SIG_DFL)
        with contextlib.suppress(ValueError):
            signal.set_wakeup_fd(woken_before)
        os.close(wake)
        os.close(told)


def write(fd: int, text: str) -> None:
    """All of ``text`` to the terminal. The caller has escaped what came from outside."""
    raw = text.encode("utf-8", "replace")
    with contextlib.suppress(OSError):  # a terminal that went away is found when it is read
        while raw:
            raw = raw[os.write(fd, raw) :]
