"""Reads one of the user's files, or one of the system's, where milliseconds count. Raises nothing, imports two modules.

It follows the rules of user_files.read_users_file, which takes eight times as long to import, and reports errors.
"""

import os
import stat

_PIECE = 1 << 20


def read_quickly(path: str, *, limit: int) -> bytes:
    """The bytes of the regular file ``path``, if it is the user's or root's and not writable by everyone; otherwise b""."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except (OSError, ValueError):
        return b""
    try:
        status = os.fstat(fd)
        theirs = status.st_uid not in (0, os.geteuid()) or status.st_mode & stat.S_IWOTH
        if theirs or not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            return b""
        found = os.read(fd, status.st_size + 1)
        while len(found) <= limit and (piece := os.read(fd, _PIECE)):
            found += piece
    except OSError:
        return b""
    finally:
        os.close(fd)
    return found if len(found) <= limit else b""
