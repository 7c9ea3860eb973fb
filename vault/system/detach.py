"""Continuing in the background: a process that no longer belongs to the caller and has none of the caller's files open.

Imports only os: a disk hit may load this module.
"""

import os


def detached() -> bool | None:
    """True in a new process, which must end by ``os._exit``; False in this one; None if no process could be started.

    The caller may wait for the end of this program's output, so the new process has none of the open descriptors.
    """
    try:
        between = os.fork()
        if between:
            return None if os.waitpid(between, 0)[1] else False
    except ChildProcessError:  # the caller ignores SIGCHLD, and the kernel has reaped the child
        return False
    except OSError:
        return None
    try:
        if os.fork():  # the new process has no parent here, so it is not a child of a command that replaces this process either
            os._exit(0)
    except OSError:
        os._exit(1)
    try:
        os.setsid()
        close_all_but()
    except OSError:
        os._exit(0)  # never continue with the caller's output open: a second answer could be written to it
    return True


def close_all_but(*kept: int, streams: bool = True) -> None:
    """Close every descriptor except ``kept``. The standard streams become the null device, unless ``streams`` is False.

    Errors: OSError.
    """
    if streams:
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
    low = 3
    for fd in sorted({fd for fd in kept if fd > 2}):
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, _above_all())


def _above_all() -> int:
    """A number above every open descriptor: the caller's descriptors may be anywhere below its limit."""
    return min(max(os.sysconf("SC_OPEN_MAX"), 4096), 1 << 20)  # without close_range(2) each one is tried
