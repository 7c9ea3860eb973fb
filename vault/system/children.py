"""Child processes made by fork: one that runs a function, their end, and who gets which signal. No exec, no shell."""

from __future__ import annotations

import os
import signal
import sys
import time

from vault import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# What a user or a terminal sends to every process of a job is meant for the program of that job.
FOR_THE_PROGRAM = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def fork(work: Callable[[], object]) -> int:
    """The ID of a new process that runs ``work`` and ends: with exit code 0, or 1 after an exception. OSError.

    Nothing of this process runs in it after that: no cleanup, no handler at exit, no traceback.
    """
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def fork_for_itself(work: Callable[[], object]) -> int:
    """As ``fork``, for a process that outlives what the signals FOR_THE_PROGRAM are meant for: it survives all of them.

    They are blocked across the fork: one that comes before the new process has its handlers would end it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, FOR_THE_PROGRAM)
    try:
        return fork(lambda: _for_itself(work, before))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _for_itself(work: Callable[[], object], mask: Iterable[int]) -> None:
    for number in FOR_THE_PROGRAM:
        signal.signal(number, lambda *_: None)  # not ignored: what this process starts would ignore it too
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    work()


def ended(pid: int) -> bool:
    """Whether the child has ended; it is reaped. ChildProcessError if it was reaped before."""
    return os.waitpid(pid, os.WNOHANG)[0] != 0


def kill(pid: int) -> None:
    """Kill a child that has not been reaped, so that its number is still its own."""
    os.kill(pid, signal.SIGKILL)


def ends_within(pid: int, seconds: float) -> bool:
    """Whether the child ends within ``seconds``; it is reaped. ChildProcessError if it was reaped before."""
    until = time.monotonic() + seconds
    while not ended(pid):
        if time.monotonic() >= until:
            return False
        time.sleep(limits.LOCK_POLL_FIRST)
    return True


def lead_group(pid: int = 0) -> None:
    """Put this process, or the child ``pid``, into a process group of its own, with all that it will start."""
    os.setpgid(pid, pid)


def kill_group(pid: int) -> None:
    """Kill the group that the child ``pid`` leads, and wait for the child. Errors: OSError."""
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def leave_terminal() -> None:
    """Start a session of its own: what the terminal sends does not reach this process."""
    os.setsid()


def end_after(seconds: int) -> None:
    """The kernel ends this process after ``seconds``."""
    signal.alarm(seconds)


def end_when_asked() -> None:
    """Leave by SystemExit at SIGTERM, SIGINT and SIGHUP, so that ``finally`` blocks run."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
