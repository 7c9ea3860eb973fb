"""The log of issued credentials: each record is bound to the one before. One folder (cache/log_files), no clock.

A writer appends to ``current`` under a lock. If that file is full, it becomes ``older.1``, and so on. ``head`` is
written before the first record and after each record, so that records missing at the end are noticed. ``first`` is
written before the oldest file is deleted, so that other records missing at the start are noticed. If a writer finds no
head, a key that does not open, or files that do not match, it writes a record that says so, and that record stays. A
half-written record of a killed writer is filled up and counted as torn; it never stops the next writer.
"""

from __future__ import annotations

import os

from vault import errors, limits
from vault.cache.log_files import CURRENT, SIZE, START, LogFiles, OpenedLog, digest, names
from vault.crypto.seal import SealBroken
from vault.records import NamedTuple
from vault.system.files import Folder
from vault.system.locks import lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from vault.secret import Secret
    from vault.system.clock import Deadline

LOCK = "log.lock"
GAP = b"gap"  # the text of a record that says that earlier records may be missing


class LogContents(NamedTuple):
    """Every record that opens, oldest first, and what is wrong with the others: sentences, empty if nothing is wrong."""

    records: list[bytes]
    problems: list[str]


class AuditLog:
    """The log in ``folder``. Use as a context manager."""

    def __init__(self, folder: Folder, *, cache_key: Secret, vault_id: bytes) -> None:
        self._folder = folder
        self._files = LogFiles(folder, cache_key=cache_key, vault_id=vault_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.close()

    @classmethod
    def open(cls, path: str, *, cache_key: Secret, vault_id: bytes) -> AuditLog:
        """The log in the folder ``path``, which is created if missing. Errors: UnsafeFile, StorageError."""
        return cls(Folder.open(path, create=True), cache_key=cache_key, vault_id=vault_id)

    def append(self, *records: bytes, deadline: Deadline, start_over: bool = False) -> None:
        """Add records of at most ``limits.LOG_TEXT`` bytes each. Errors: Busy, StorageError, UnsafeFile.

        ``start_over``: if the log does not open with this cache key, put it aside and start a new one. Otherwise that
        is Damaged.
        """
        files = self._files
        with lock(self._folder, LOCK, deadline=deadline):
            key = self._key(start_over=start_over)
            number, before, has_head = self._last(key)
            size = files.size()
            together = bytearray(-size % SIZE)  # fills up a half-written record of a killed writer
            left = [*reversed(records), *([] if has_head else [GAP])]
            while left:
                if size + len(together) + SIZE > limits.LOG_FILE:
                    files.write(together)
                    files.set_head(key, number, before)  # a kill after this leaves one chain
                    rightly = files.rotate(key)
                    left += [] if rightly else [GAP]
                    size, together = 0, bytearray()
                sealed = files.sealed(key, OpenedLog(before, number, left.pop()))
                together += sealed
                number, before = number + 1, digest(sealed)
            files.write(together)
            files.set_head(key, number, before)

    def _key(self, *, start_over: bool) -> bytes:
        """The key of the records, or of a new log if there is none. Damaged if it does not open, unless ``start_over``."""
        try:
            return self._files.key()
        except FileNotFoundError:
            lost = self._files.keyless()
        except errors.Damaged:
            if not start_over:
                raise
            lost = True
        return self._begin(lost=lost)

    def _begin(self, *, lost: bool) -> bytes:
        """Start a new log. An unreadable one is put aside, and the first record says so. The key is written last: after
        a kill there is none.
        """
        key, number, before = os.urandom(32), 0, START
        if lost:
            self._files.put_aside()
            gap = self._files.sealed(key, OpenedLog(before, number, GAP))
            self._files.write(bytearray(gap))
            number, before = 1, digest(gap)
        self._files.set_head(key, number, before)  # first, because a log with a key has a head
        self._files.put_key(key)
        return key

    def _last(self, key: bytes) -> tuple[int, bytes, bool]:
        """The next number and the hash of the last record, even if its writer was killed before it wrote the head.

        And whether there is a head, without which the last record is unknown.
        """
        has_head = True
        try:
            number, before = self._files.head(key)
        except (FileNotFoundError, SealBroken):
            number, before, has_head = 0, START, False
        for sealed in self._files.newest():
            try:
                found = self._files.opened(key, sealed).number
            except SealBroken:
                continue  # torn: the head may not know the one before it either
            return (found + 1, digest(sealed), has_head) if found >= number else (number, before, has_head)
        return number, before, has_head

    def newest(self, most: int) -> list[bytes]:
        """Up to ``most`` of the newest records that open, in order and without checks: to sort a list of choices."""
        try:
            key = self._files.key()
            content = self._files.content(CURRENT)
        except (FileNotFoundError, errors.ConfigError):
            return []
        found = []
        for at in range(max(0, len(content) // SIZE - most) * SIZE, len(content), SIZE):
            try:
                found.append(self._files.opened(key, content[at : at + SIZE]).text)
            except SealBroken:
                continue
        return found

    def read(self, *, deadline: Deadline) -> LogContents:
        """All records, and whether the chain is complete. Errors: Busy, Damaged."""
        with lock(self._folder, LOCK, deadline=deadline):
            try:
                key = self._files.key()
            except FileNotFoundError:
                missing = ["key: missing, so no record can be read"]
                return LogContents([], missing if self._files.keyless() else [])
            return _Reading(self._files, key).found()


class _Reading:
    """One pass over all records."""

    def __init__(self, files: LogFiles, key: bytes) -> None:
        self._files, self._key = files, key
        self._records: list[bytes] = []
        self._problems: list[str] = []
        self._before: bytes | None = None
        self._next = 0  # the number that should follow
        self._slots = 0

    def found(self) -> LogContents:
        for name in names():
            try:
                content = self._files.content(name)
            except FileNotFoundError:
                continue
            except errors.ConfigError:
                self._problems.append(f"{name}: too large for a file of the log")
                continue
            if name != CURRENT and len(content) != limits.LOG_FILE:
                self._problems.append(f"{name}: {len(content)} bytes instead of {limits.LOG_FILE}")
            for at in range(0, len(content), SIZE):
                self._slots += 1
                self._look(name, at, content[at : at + SIZE])
        if why := self._files.linked():
            self._problems.append(
                f"{CURRENT}: {why}; to continue it, run in its folder: cp -p {CURRENT} x && mv x {CURRENT}"
            )
        self._check_end()
        return LogContents(self._records, self._problems)

    def _look(self, name: str, at: int, sealed: bytes) -> None:
        try:
            record = self._files.opened(self._key, sealed)
        except SealBroken:
            torn = len(sealed) < SIZE or sealed.endswith(b"\0")  # the filling of a half-written record
            what = "torn: its writer was killed" if torn else "changed, or not written by awsvault-py"
            self._problems.append(f"{name}: the record at byte {at} is {what}")
            return
        number = record.number
        if self._before is None:
            self._check_start(number + 1 - self._slots)
        elif record.before != self._before or number != self._next:
            self._problems.append(f"{name}: record {number} does not follow the one before it")
        if record.text == GAP:
            self._problems.append(f"{name}: {self._gap(number)}")
        else:
            self._records.append(record.text)
        self._before, self._next = digest(sealed), number + 1

    def _gap(self, number: int) -> str:
        if number == 0 and self._files.has_aside():
            return (
                "a new log starts here: the earlier log could not be decrypted with the vault's key, as happens after an older "
                "copy is restored, and is kept in unreadable.*"
            )
        return f"records may be missing before record {number}: the files did not match"

    def _check_start(self, oldest: int) -> None:
        try:
            kept = self._files.first(self._key)
        except SealBroken:
            self._problems.append(
                "first: changed, or not written by awsvault-py; records may be missing at the start"
            )
            return
        if oldest > kept:
            self._problems.append(f"{oldest - kept} record(s) are missing at the start")

    def _check_end(self) -> None:
        try:
            number, last = self._files.head(self._key)
        except FileNotFoundError:
            self._problems.append("head: missing; records may be missing at the end")
            return
        except SealBroken:
            self._problems.append("head: changed, or not written by awsvault-py")
            return
        if number > self._next:
            self._problems.append(f"{number - self._next} record(s) are missing at the end")
        elif number == self._next and self._before is not None and last != self._before:
            self._problems.append("the last record is not the one that was written last")


def rewrap(
    path: str, *, old: Secret, new: Secret, vault_id: bytes, deadline: Deadline, ahead: bool = False
) -> None:
    """Keep the log readable with a new cache key. Does nothing if there is no log.

    ``ahead``: called before the vault has the new key, so that a kill in between loses nothing. The old key opens it
    too.
    """
    try:
        folder = Folder.open(path)
    except FileNotFoundError:
        return
    with folder, lock(folder, LOCK, deadline=deadline):
        later = LogFiles(folder, cache_key=new, vault_id=vault_id)
        for files in (LogFiles(folder, cache_key=old, vault_id=vault_id), later):
            try:
                key = files.key()
            except (FileNotFoundError, errors.Damaged):
                continue
            later.put_key(key, ahead=ahead)
            return
