"""Child processes made by fork: one that runs a function, its end, and which process gets which signal. No exec, no shell."""

from __future__ import annotations

import os
import signal
import sys
import time

from vault import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# A signal that a user or a terminal sends to every process of a job is meant for the job's program.
FOR_THE_PROGRAM = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def fork(work: Callable[[], object]) -> int:
    """The ID of a new process that runs ``work`` and ends: with exit code 0, or 1 after an exception. OSError.

    After that, nothing of this process runs in it: no cleanup, no handler at exit, no traceback.
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
    """Like ``fork``, for a process that must survive the signals FOR_THE_PROGRAM.

    They are blocked during the fork: a signal that arrives before the new process has its handlers would end it.
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
    """Kill a child that has not been reaped, so that its ID is still its own."""
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
    """Put this process, or the child ``pid``, into its own process group, with everything that it will start."""
    os.setpgid(pid, pid)


def kill_group(pid: int) -> None:
    """Kill the group that the child ``pid`` leads, and wait for the child. Errors: OSError."""
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def leave_terminal() -> None:
    """Start a new session: signals from the terminal no longer reach this process."""
    os.setsid()


def end_after(seconds: int) -> None:
    """Let the kernel end this process after ``seconds``."""
    signal.alarm(seconds)


def end_when_asked() -> None:
    """Exit by SystemExit at SIGTERM, SIGINT and SIGHUP, so that ``finally`` blocks run."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
