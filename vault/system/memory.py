"""How much memory a large allocation can use. Reads two files of the kernel."""

from __future__ import annotations

import os
import sys

from vault import errors
from vault.system.user_files import read_users_file

_MEMINFO = "/proc/meminfo"
_CGROUP = "/sys/fs/cgroup"
_LIMIT = 64 * 1024


def available_kib() -> int | None:
    """KiB that this process can use without swapping, by the kernel and its cgroup; None if unknown."""
    known = [value for value in (_from_meminfo(), _from_cgroup()) if value is not None]
    if known:
        return min(known)
    if sys.platform == "darwin":  # the system has no cheap count of free pages: use the total memory
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024
    return None


def _from_meminfo() -> int | None:
    for line in _lines(_MEMINFO):
        if line.startswith(b"MemAvailable:"):
            return int(line.split()[1])
    return None


def _from_cgroup() -> int | None:
    most, used = _lines(f"{_CGROUP}/memory.max"), _lines(f"{_CGROUP}/memory.current")
    if not most or not used or not most[0].isdigit() or not used[0].isdigit():
        return None  # "max": no limit; no file: no cgroup v2, or its root
    return max(0, int(most[0]) - int(used[0])) // 1024


def _lines(path: str) -> list[bytes]:
    try:
        return (read_users_file(path, limit=_LIMIT) or b"").splitlines()
    except errors.Error:
        return []
