"""The log of what was handed out: records of one size, each sealed, each bound to the one before. One folder, no clock.

``current`` is appended to under a lock; over its limit it becomes ``older.1``, and so on. The key of the records is
random and lies beside them, sealed under the cache key, so that a renewed cache key costs one small file
(``rewrap``). ``head`` holds the newest number and hash, sealed too, so that records cut off at the end are missed; it
is there before the first record. A writer that finds none writes a record which says so, and which stays.
``first`` holds the oldest number that is kept, sealed; there is none before the first file was left behind.
What a killed writer leaves half-written is filled up and counted as torn; it never stops the next one.
"""

from __future__ import annotations

import os

from vault import errors, limits
from vault.crypto.seal import OVERHEAD, SealBroken, hkdf, seal, unseal
from vault.records import NamedTuple
from vault.system.files import Folder
from vault.system.locks import lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from vault.secret import Secret
    from vault.system.clock import Deadline

SIZE = limits.LOG_RECORD
CURRENT, HEAD, FIRST, KEY, LOCK = "current", "head", "first", "key", "log.lock"
_START = bytes(32)
GAP = b"gap"  # the text of a record that says that the head was missing or not ours when it was written
_HASH = 32


class Found(NamedTuple):
    """Every record that opens, oldest first, and what is wrong with the rest: sentences, empty where all is well."""

    records: list[bytes]
    problems: list[str]


class Journal:
    """The log in ``folder``. Use as a context manager."""

    def __init__(self, folder: Folder, *, cache_key: Secret, vault_id: bytes) -> None:
        self._folder = folder
        self._wrapping = hkdf(cache_key, info=b"log")
        self._vault_id = vault_id

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.close()

    @classmethod
    def open(cls, path: str, *, cache_key: Secret, vault_id: bytes) -> Journal:
        """The log in the folder ``path``, made if need be. Errors: UnsafeFile, StorageError."""
        return cls(Folder.open(path, create=True), cache_key=cache_key, vault_id=vault_id)

    def append(self, *records: bytes, deadline: Deadline, anew: bool = False) -> None:
        """Add records of at most ``limits.LOG_TEXT`` bytes each. Errors: Busy, StorageError, UnsafeFile.

        ``anew``: a log that does not open under this cache key is put aside and a new one begun, else that is Damaged.
        """
        with lock(self._folder, LOCK, deadline=deadline):
            key = self.key(make=True, anew=anew)
            number, before, sure = self._last(key)
            size = self._size()
            together = bytearray(-size % SIZE)  # fills up what a killed writer left
            for record in records if sure else (GAP, *records):
                text = record[: limits.LOG_TEXT]
                inner = before + number.to_bytes(8) + len(text).to_bytes(2) + text
                sealed = seal(
                    key,
                    label="log",
                    aad=self._vault_id,
                    plaintext=inner + bytes(SIZE - OVERHEAD - len(inner)),
                )
                if size + len(together) + SIZE > limits.LOG_FILE:
                    self._write(together)
                    self._set_head(key, number, before)  # a kill after this leaves one chain
                    self._rotate(key)
                    size, together = 0, bytearray()
                together += sealed
                number, before = number + 1, _digest(sealed)
            self._write(together)
            self._set_head(key, number, before)

    def read(self, *, deadline: Deadline) -> Found:
        """All records, and whether the chain is whole. No writer is in the middle of it. Errors: Busy, Damaged."""
        with lock(self._folder, LOCK, deadline=deadline):
            return self._read()

    def _read(self) -> Found:
        try:
            key = self.key(make=False)
        except FileNotFoundError:
            left = any(name in (CURRENT, FIRST) or name.startswith("older.") for name in self._folder.names())
            return Found([], ["key: missing, so no record can be read"] if left else [])
        records: list[bytes] = []
        problems: list[str] = []
        before, expected, slots = None, None, 0
        for name in _names(limits.LOG_FILES):
            try:
                content = self._folder.read(name, limit=2 * limits.LOG_FILE)
            except FileNotFoundError:
                continue
            if name != CURRENT and len(content) != limits.LOG_FILE:
                problems.append(f"{name}: {len(content)} bytes instead of {limits.LOG_FILE}")
            for at in range(0, len(content), SIZE):
                sealed, slots = content[at : at + SIZE], slots + 1
                try:
                    inner = unseal(key, label="log", aad=self._vault_id, box=sealed)
                except SealBroken:
                    torn = len(sealed) < SIZE or sealed.endswith(bytes(16))
                    what = "torn: its writer was killed" if torn else "changed, or is not ours"
                    problems.append(f"{name}: the record at byte {at} is {what}")
                    continue
                number = int.from_bytes(inner[_HASH : _HASH + 8])
                if before is not None and (inner[:_HASH] != before or number != expected):
                    problems.append(f"{name}: record {number} does not follow the one before it")
                if before is None:
                    self._check_start(key, number + 1 - slots, problems)
                text = inner[_HASH + 10 : _HASH + 10 + int.from_bytes(inner[_HASH + 8 : _HASH + 10])]
                if text == GAP:
                    problems.append(
                        f"{name}: records may be missing before record {number}: there was no head"
                    )
                else:
                    records.append(text)
                before, expected = _digest(sealed), number + 1
        self._check_end(key, before, expected, problems)
        return Found(records, problems)

    def newest(self, most: int) -> list[bytes]:
        """Up to ``most`` of the newest records that open, in their order, unchecked: for what comes first in a list."""
        try:
            key = self.key(make=False)
            content = self._folder.read(CURRENT, limit=2 * limits.LOG_FILE)
        except FileNotFoundError:
            return []
        found = []
        for at in range(max(0, len(content) // SIZE - most) * SIZE, len(content), SIZE):
            try:
                inner = unseal(key, label="log", aad=self._vault_id, box=content[at : at + SIZE])
            except SealBroken:
                continue
            found.append(inner[_HASH + 10 : _HASH + 10 + int.from_bytes(inner[_HASH + 8 : _HASH + 10])])
        return found

    def _check_start(self, key: bytes, oldest: int, problems: list[str]) -> None:
        try:
            kept = self._first(key)
        except FileNotFoundError:
            kept = 0
        except SealBroken:
            problems.append("first: changed, or not ours, so records may be missing at the start")
            return
        if oldest > kept:
            problems.append(f"{oldest - kept} record(s) are missing at the start")

    def _check_end(self, key: bytes, before: bytes | None, expected: int | None, problems: list[str]) -> None:
        try:
            number, last = self._head(key)
        except FileNotFoundError:
            problems.append("head: missing, so records may be missing at the end")
            return
        except SealBroken:
            problems.append("head: changed, or not ours")
            return
        if number > (expected or 0):
            problems.append(f"{number - (expected or 0)} record(s) are missing at the end")
        elif number == expected and last != before:
            problems.append("the last record is not the one that was written last")

    # ── pieces ──────────────────────────────────────────────────────────────────────────────

    def key(self, *, make: bool, anew: bool = False) -> bytes:
        """The records' key. FileNotFoundError where there is none, unless ``make``; Damaged where it does not open.

        ``anew``: that the cache key was lost is known, so the log that does not open is put aside.
        """
        try:
            return unseal(
                self._wrapping, label="log-key", aad=self._vault_id, box=self._folder.read(KEY, limit=1024)
            )
        except FileNotFoundError:
            if not make:
                raise
        except SealBroken:
            if not anew:
                raise errors.Damaged(
                    "the log was sealed under another cache key, and cannot be read",
                    hint="the next export that opens the vault begins a new log, and keeps this one beside it",
                ) from None
            self._aside()
        key = os.urandom(32)
        self._set_head(key, 0, _START)  # first: a log that has a key has a head
        self.put_key(key)
        return key

    def put_key(self, key: bytes) -> None:
        self._folder.write_atomic(
            KEY, seal(self._wrapping, label="log-key", aad=self._vault_id, plaintext=key), durable=True
        )

    def _aside(self) -> None:
        """Under a number of its own: with the lost cache key, from a backup, it can be read again."""
        names = self._folder.names()
        taken = [n.split(".")[1] for n in names if n.startswith("unreadable.")]
        number = 1 + max((int(n) for n in taken if n.isdecimal()), default=0)
        for name in names:
            if name in (CURRENT, HEAD, FIRST, KEY) or name.startswith("older."):
                self._folder.rename(name, f"unreadable.{number}.{name}")

    def _head(self, key: bytes) -> tuple[int, bytes]:
        """The next number and the hash of the last record. FileNotFoundError; SealBroken where it was changed."""
        plain = unseal(key, label="log-head", aad=self._vault_id, box=self._folder.read(HEAD, limit=1024))
        return int.from_bytes(plain[:8]), plain[8:]

    def _first(self, key: bytes) -> int:
        """The number of the oldest record that is kept. FileNotFoundError where none was left behind; SealBroken."""
        box = self._folder.read(FIRST, limit=1024)
        return int.from_bytes(unseal(key, label="log-first", aad=self._vault_id, box=box))

    def _last(self, key: bytes) -> tuple[int, bytes, bool]:
        """The next number and the hash of the last record, also where its writer was killed before it wrote the head.

        And whether there was a head, without which nobody knows what was the last record.
        """
        sure = True
        try:
            number, before = self._head(key)
        except (FileNotFoundError, SealBroken):
            number, before, sure = 0, _START, False
        try:
            fd = self._folder.open_file(CURRENT)
        except FileNotFoundError:
            return number, before, sure
        try:
            sealed = (
                os.pread(fd, SIZE, (os.fstat(fd).st_size // SIZE - 1) * SIZE)
                if os.fstat(fd).st_size >= SIZE
                else b""
            )
        finally:
            os.close(fd)
        try:
            inner = unseal(key, label="log", aad=self._vault_id, box=sealed)
        except SealBroken:
            return number, before, sure
        found = int.from_bytes(inner[_HASH : _HASH + 8])
        return (found + 1, _digest(sealed), sure) if found >= number else (number, before, sure)

    def _set_head(self, key: bytes, number: int, last: bytes) -> None:
        plain = number.to_bytes(8) + last
        self._folder.write_atomic(
            HEAD, seal(key, label="log-head", aad=self._vault_id, plaintext=plain), durable=False
        )

    def _size(self) -> int:
        try:
            return self._folder.attributes(CURRENT).size
        except FileNotFoundError:
            return 0

    def _write(self, sealed: bytearray) -> None:
        if sealed:
            self._folder.append(CURRENT, bytes(sealed))

    def _rotate(self, key: bytes) -> None:
        """Make room for a new ``current``. A kill leaves a name free in the row, up to which the next one moves."""
        names = self._folder.names()
        free = (n for n in range(1, limits.LOG_FILES + 1) if f"older.{n}" not in names)
        last = next(free, None)
        if last is None:
            last = limits.LOG_FILES
            self._set_first(key)  # before the oldest goes: nobody misses what is left behind
        for number in range(last, 0, -1):
            self._folder.rename(CURRENT if number == 1 else f"older.{number - 1}", f"older.{number}")

    def _set_first(self, key: bytes) -> None:
        for name in _names(limits.LOG_FILES - 1):
            content = self._folder.read(name, limit=2 * limits.LOG_FILE)
            for at in range(0, len(content), SIZE):
                try:
                    inner = unseal(key, label="log", aad=self._vault_id, box=content[at : at + SIZE])
                except SealBroken:
                    continue
                number = inner[_HASH : _HASH + 8]
                box = seal(key, label="log-first", aad=self._vault_id, plaintext=number)
                self._folder.write_atomic(FIRST, box, durable=True)
                return


def _names(older: int) -> list[str]:
    """The log's files, the oldest first."""
    return [*(f"older.{number}" for number in range(older, 0, -1)), CURRENT]


def rewrap(path: str, *, old: Secret, new: Secret, vault_id: bytes, deadline: Deadline) -> None:
    """The cache key is renewed: keep the log readable under the new one. Nothing where there is no log."""
    try:
        folder = Folder.open(path)
    except FileNotFoundError:
        return
    with folder, lock(folder, LOCK, deadline=deadline):
        try:
            key = Journal(folder, cache_key=old, vault_id=vault_id).key(make=False)
        except (FileNotFoundError, errors.Damaged):
            return
        Journal(folder, cache_key=new, vault_id=vault_id).put_key(key)


def _digest(sealed: bytes) -> bytes:
    from hashlib import sha256

    return sha256(sealed).digest()
