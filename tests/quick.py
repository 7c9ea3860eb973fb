"""What takes tests time and shows them nothing, done faster, in this process and in the commands that it forks.

A run under coverage (tests/forked.py) does all of it as a user's machine does. Standard library alone at import:
tests/forkserver.py imports this by its path.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import mmap
import os
import threading

TAG = KEY = 32
RECORD = TAG + KEY
ROOM = RECORD * 65_536  # results of Argon2 in one run of tests; what comes later is derived each time


class Derivations:
    """Argon2's results: the same passphrase, salt and parameters give the same key, so a vault opens at once again.

    ``file``: a descriptor of a file that the processes share; its first record holds the number of the others.
    """

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


def sync_nothing() -> None:
    """``os.fsync`` without the disk, which all processes of the tests share. tests/faults looks at each real one."""

    def fsync(fd):
        os.fstat(fd)  # fails as the real one where there is no such descriptor

    os.fsync = fsync


def read_models_once() -> None:
    """botocore looks through its folders and reads its models for each session, a tenth of a second; here, once."""
    from botocore.loaders import JSONFileLoader, Loader

    real = Loader.list_available_services

    known = {}

    def list_available_services(self, type_name):
        key = (type_name, *self.search_paths)
        if key not in known:
            known[key] = real(self, type_name)
        return list(known[key])

    JSONFileLoader.load_file = staticmethod(functools.cache(JSONFileLoader().load_file))
    Loader.list_available_services = list_available_services
