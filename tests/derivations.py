"""Argon2's results, remembered by this process and by the commands that it forks (tests/forked.py).

The same passphrase, salt and parameters give the same key, so nothing but time is saved: a vault that was opened or made
once opens at once. Standard library alone at import: tests/forkserver.py imports it by its path.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import threading

TAG = KEY = 32
RECORD = TAG + KEY
ROOM = RECORD * 16_384  # of all vaults of one process of tests; what comes later is derived each time


class Derivations:
    """``file``: a descriptor of a file that the processes share; its first record holds the number of the others."""

    def __init__(self, file: int) -> None:
        self.file = file
        os.ftruncate(file, ROOM)
        self._page = mmap.mmap(file, ROOM)
        self._alone = threading.Lock()

    def remember(self) -> None:
        """From now on argon2 is asked once for each result."""
        from argon2 import low_level

        real = low_level.hash_secret_raw

        def hash_secret_raw(secret, salt, **how):
            if how["hash_len"] != KEY:
                return real(secret, salt, **how)
            tag = hashlib.sha256(repr((secret, salt, sorted(how.items()))).encode()).digest()
            found = self._find(tag)
            if found is None:
                found = real(secret, salt, **how)
                self._add(tag, found)
            return found

        low_level.hash_secret_raw = hash_secret_raw

    def _count(self) -> int:
        return int.from_bytes(self._page[:8], "little")

    def _find(self, tag: bytes) -> bytes | None:
        end, at = RECORD * (self._count() + 1), 0
        while (at := self._page.find(tag, at + 1, end)) > 0:
            if at % RECORD == 0:
                return self._page[at + TAG : at + RECORD]
        return None

    def _add(self, tag: bytes, key: bytes) -> None:
        with self._alone:
            fcntl.lockf(self.file, fcntl.LOCK_EX)
            try:
                at = RECORD * (self._count() + 1)
                if at + RECORD <= ROOM:
                    self._page[at : at + RECORD] = tag + key
                    self._page[:8] = (at // RECORD).to_bytes(8, "little")
            finally:
                fcntl.lockf(self.file, fcntl.LOCK_UN)
