"""One small secret in the Linux kernel's keyring of this user, through ctypes. On other systems, or if refused, nothing
is stored.

The kernel drops it after a timeout and when the machine shuts down; it is in no file. Any process of the user can read
it, just as any can ask the agent (docs/security.md).
"""

from __future__ import annotations

import os
import sys

_SYSCALLS = {"x86_64": (248, 250), "aarch64": (217, 219), "riscv64": (217, 219)}  # add_key, keyctl
_USER_KEYRING = -4  # keyctl(2): KEY_SPEC_USER_KEYRING
_READ, _SEARCH, _SETPERM, _SET_TIMEOUT, _INVALIDATE = 11, 10, 5, 15, 21
# Possessor: all. The same user: view, read, write, search, setattr. A process that no login started (cron, a service) does not
# possess the user's keyring, and could read nothing with the default of "view".
_PERMISSIONS = 0x3F2F0000
_MOST = 4096


def _call(number: int, *arguments: object) -> int:
    """The result of a system call; -1 if the kernel or the machine does not have it."""
    numbers = _SYSCALLS.get(os.uname().machine) if sys.platform == "linux" else None
    if numbers is None:
        return -1
    import ctypes

    try:
        return int(ctypes.CDLL(None).syscall(numbers[number], *arguments))
    except (OSError, AttributeError, ctypes.ArgumentError):
        return -1


def _find(name: str) -> int:
    return _call(1, _SEARCH, _USER_KEYRING, b"user", os.fsencode(name), 0)


def read(name: str) -> bytes | None:
    """The secret kept under ``name``, or None."""
    key = _find(name)
    if key <= 0:
        return None
    import ctypes

    room = ctypes.create_string_buffer(_MOST)
    size = _call(1, _READ, key, room, _MOST)
    found = room.raw[:size] if 0 < size <= _MOST else None
    ctypes.memset(room, 0, _MOST)
    return found


def put(name: str, secret: bytes, *, seconds: int) -> bool:
    """Keep ``secret`` for ``seconds``. False if the kernel refuses."""
    key = _call(0, b"user", os.fsencode(name), secret, len(secret), _USER_KEYRING)
    if key <= 0:
        return False
    if _call(1, _SETPERM, key, _PERMISSIONS) < 0 or _call(1, _SET_TIMEOUT, key, seconds) < 0:
        _call(1, _INVALIDATE, key)  # without a timeout it would stay until the machine shuts down
        return False
    return True


def forget(name: str) -> bool:
    """Remove the secret under ``name``. True if there was one."""
    key = _find(name)
    return key > 0 and _call(1, _INVALIDATE, key) == 0
