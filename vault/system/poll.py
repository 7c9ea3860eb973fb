"""Waits for descriptors of any number: select(2) ends at 1,024, and a caller may have more open."""

from __future__ import annotations

import errno
import os
import select
import sys
from math import ceil

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def readable(fds: Sequence[int], seconds: float | None) -> list[int]:
    """Those of ``fds`` that can be read or have ended, after at most ``seconds`` (None: no limit). [] is a timeout.

    OSError (EBADF) if one is not open.
    """
    if sys.platform == "darwin":  # its poll(2) reports a terminal as not open
        return list(select.select(fds, [], [], seconds)[0])
    waiting = select.poll()
    for fd in fds:
        waiting.register(fd, select.POLLIN)
    found = waiting.poll(None if seconds is None else ceil(seconds * 1000))
    if any(event & select.POLLNVAL for _, event in found):
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return [fd for fd, _ in found]
