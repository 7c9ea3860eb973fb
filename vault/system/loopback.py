"""Which user's process is at the other end of a loopback connection, by the kernel's table on Linux. And the head of
its request.
"""

from __future__ import annotations

import os
import sys
import time

from vault import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

# With what precedes an IPv4 address there.
_TABLES = {"/proc/net/tcp": "", "/proc/net/tcp6": "0000000000000000FFFF0000"}
_UID, _LOCAL, _REMOTE = 7, 1, 2  # columns of that table (proc(5))


def same_user(*, peer_port: int, server_port: int) -> bool:
    """Whether the process that connected to 127.0.0.1:``server_port`` is this user's. True if there is no table."""
    if not sys.platform.startswith("linux"):
        return True
    for table, before in _TABLES.items():
        here = f"{before}0100007F"  # 127.0.0.1 in the table's byte order
        wanted = (f"{here}:{peer_port:04X}", f"{here}:{server_port:04X}")
        for line in _read(table).splitlines()[1:]:
            fields = line.split()
            if len(fields) > _UID and (fields[_LOCAL].upper(), fields[_REMOTE].upper()) == wanted:
                return fields[_UID] == str(os.geteuid())
    return False


def request_head(connection: socket.socket, *, most: int, seconds: float) -> bytes | None:
    """A request's head up to its empty line; None if it is not complete within ``seconds`` or ``most`` bytes.

    OSError if the connection was reset.
    """
    ends = time.monotonic() + seconds
    head = b""
    while b"\r\n\r\n" not in head:
        left = ends - time.monotonic()
        if left <= 0 or len(head) > most:
            return None
        connection.settimeout(left)
        try:
            piece = connection.recv(most)
        except TimeoutError:
            return None
        if not piece:
            return None
        head += piece
    connection.settimeout(seconds)  # for the answer
    return head.partition(b"\r\n\r\n")[0]


def _read(path: str) -> str:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        pieces, left = [], limits.MAX_KERNEL_TABLE
        while left > 0 and (piece := os.read(fd, min(left, 1 << 16))):
            pieces.append(piece)
            left -= len(piece)
    except OSError:
        return ""
    finally:
        os.close(fd)
    return b"".join(pieces).decode("ascii", "replace")
