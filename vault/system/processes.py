"""What Linux tells about a process: its name, its parent, its terminal. Empty on other systems."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket


def process(pid: int) -> tuple[str, str, str]:
    """The name of process ``pid``, its parent's ID and its terminal (``pts/3``); empty if unknown."""
    name, words = status(pid)
    if not words:
        return "", "", ""
    device = int(words[4]) & 0xFFFFFFFF  # proc(5), tty_nr: minor 31-20 and 7-0, major 19-8
    major, minor = (device >> 8) & 0xFFF, (device & 0xFF) | ((device >> 12) & 0xFFF00)
    tty = f"pts/{minor + 256 * (major - 136)}" if 136 <= major <= 143 else f"tty{minor}" if major == 4 else ""
    return name, words[1], tty


def status(pid: int) -> tuple[str, list[str]]:
    """The name of process ``pid``, and the fields after it in its ``stat`` (proc(5)), the state first; empty if unknown."""
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return "", []
    try:
        head, _, rest = os.read(fd, 4096).decode("utf-8", "replace").rpartition(")")
    except OSError:
        return "", []
    finally:
        os.close(fd)
    return head.partition("(")[2], rest.split()


def stopped(pid: int) -> bool:
    """Whether process ``pid`` was stopped (SIGSTOP): it does not answer until it is continued. False if unknown."""
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.read(fd, 4096).rpartition(b")")[2].split()[:1] in ([b"T"], [b"t"])
    except OSError:
        return False
    finally:
        os.close(fd)


def command_of(pid: int) -> list[str]:
    """The words of a process's command line; none if there is no such process or the system does not tell."""
    try:
        fd = os.open(f"/proc/{pid}/cmdline", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        return os.fsdecode(os.read(fd, 4096)).split("\0")
    except OSError:
        return []
    finally:
        os.close(fd)


def control_group(pid: int) -> str:
    """The control groups of process ``pid``, as Linux writes them; empty if unknown. A desktop gives each application its own."""
    try:
        fd = os.open(f"/proc/{pid}/cgroup", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return os.fsdecode(os.read(fd, 4096))
    except OSError:
        return ""
    finally:
        os.close(fd)


def peer_pid(connection: _socket.socket) -> int | None:
    """The process ID at the other end of a connection, if the system tells it (Linux)."""
    if sys.platform == "darwin":
        return None
    import _socket

    pid = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 4)  # it comes first
    return int.from_bytes(pid, sys.byteorder)
