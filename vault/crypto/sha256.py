"""SHA-256, HMAC-SHA256 (RFC 2104) and the comparison of MACs, by the interpreter's own modules.

hashlib and hmac load the system's OpenSSL for them, which takes a third of Python's start. An interpreter without modules of
its own for them has hashlib.
"""

from __future__ import annotations

import sys
from _operator import _compare_digest as compare_digest

__all__ = ["compare_digest", "hmac_sha256", "sha256"]
TYPE_CHECKING = False
try:
    if TYPE_CHECKING:
        from hashlib import sha256
    elif sys.version_info >= (3, 12):
        from _sha2 import sha256
    else:
        from _sha256 import sha256
except ImportError:
    from hashlib import sha256

_BLOCK = 64
_INNER = bytes([byte ^ 0x36 for byte in range(256)])
_OUTER = bytes([byte ^ 0x5C for byte in range(256)])


def hmac_sha256(key: bytes | bytearray | memoryview, message: bytes | bytearray | memoryview) -> bytes:
    """The MAC of ``message``, 32 bytes."""
    block = (bytes(key) if len(key) <= _BLOCK else sha256(key).digest()).ljust(_BLOCK, b"\0")
    inner = sha256(block.translate(_INNER))
    inner.update(message)
    outer = sha256(block.translate(_OUTER))
    outer.update(inner.digest())
    return outer.digest()
