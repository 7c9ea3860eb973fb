"""One page of memory for keys: never swapped, never in a core file, zeroed when the vault is locked.

Keys are received into it and sent from it, so that this process never has another copy.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys

_SIZE = mmap.PAGESIZE
_KEY = 32
_PLACES = {"main": 0, "cache": 64, "strict": 128}
_STAGING = 512  # where keys are received before they are accepted
_MEMFD_SECRET = {"x86_64": 447, "aarch64": 447, "riscv64": 447}  # its number, Linux 5.14
_MADV_DONTDUMP = 16  # linux/mman.h; Pythons built on an older system lack mmap.MADV_DONTDUMP


class KeyPage:
    """Space for the three keys and one incoming set. ``warnings`` names each protection that the system refused."""

    def __init__(self, *, hidden: bool = True) -> None:
        self.warnings: list[str] = []
        self._present: set[str] = set()
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._map, self.hidden = self._mapped(hidden=hidden)
        self._view = memoryview(self._map)
        self._protect()

    def _mapped(self, *, hidden: bool) -> tuple[mmap.mmap, bool]:
        """Memory that not even the kernel maps (memfd_secret), if the system offers it, otherwise an anonymous page."""
        number = _MEMFD_SECRET.get(os.uname().machine) if sys.platform == "linux" and hidden else None
        if number is not None:
            fd = self._libc.syscall(number, os.O_CLOEXEC)
            if fd >= 0:
                try:
                    os.ftruncate(fd, _SIZE)
                    return mmap.mmap(fd, _SIZE), True
                except (OSError, ValueError):
                    pass  # refused by a limit: use an ordinary page
                finally:
                    os.close(fd)
        return mmap.mmap(-1, _SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), False

    def _protect(self) -> None:
        if self.hidden:
            return  # never swapped, never dumped: memfd_secret(2)
        anchor = ctypes.c_char.from_buffer(self._map)
        address = ctypes.addressof(anchor)
        del anchor
        if self._libc.mlock(ctypes.c_void_p(address), ctypes.c_size_t(_SIZE)):
            self.warnings.append(
                "the memory of the keys could not be locked and may be swapped (see ulimit -l)"
            )
        if sys.platform == "linux":
            self._libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(_SIZE), _MADV_DONTDUMP)

    def has(self, name: str) -> bool:
        """Whether the page has the key."""
        return name in self._present

    def view(self, name: str) -> memoryview:
        """The bytes of the key themselves, read-only. KeyError if the page does not have it."""
        if name not in self._present:
            raise KeyError(name)
        return self._view[_PLACES[name] : _PLACES[name] + _KEY].toreadonly()

    def staging(self, size: int) -> memoryview:
        """Where ``size`` bytes of incoming keys are received."""
        return self._view[_STAGING : _STAGING + size]

    def take(self, names: tuple[str, ...]) -> None:
        """Store the staged keys under these names, and clear the staging area."""
        for number, name in enumerate(names):
            start = _STAGING + number * _KEY
            place = _PLACES[name]
            self._view[place : place + _KEY] = self._view[start : start + _KEY]
            self._present.add(name)
        self.clear_staging()

    def clear_staging(self) -> None:
        """Zero what was received."""
        self._view[_STAGING:_SIZE] = bytes(_SIZE - _STAGING)

    def drop(self, name: str) -> None:
        """Zero one key."""
        self._view[_PLACES[name] : _PLACES[name] + _KEY] = bytes(_KEY)
        self._present.discard(name)

    def clear(self) -> None:
        """Zero the whole page."""
        self._view[:] = bytes(_SIZE)
        self._present.clear()
