"""The log's files: sealed records of one size in ``current`` and up to four older files; and head, first and key.

The key of the records is random and is stored beside them, sealed with the cache key. So a new cache key changes only
one small file: ``key.next`` before the vault has the new cache key, ``key`` after. ``head`` has the newest number and
hash. ``first`` has the oldest number that is kept; it does not exist before the first file was deleted. cache/audit_log
says what they mean together.
"""

from __future__ import annotations

import os

from vault import errors, limits
from vault.crypto.seal import OVERHEAD, SealBroken, hkdf, seal, unseal
from vault.records import NamedTuple
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.secret import Secret
    from vault.system.files import Folder

SIZE = limits.LOG_RECORD
CURRENT, HEAD, FIRST, KEY, NEXT = "current", "head", "first", "key", "key.next"
ASIDE = "unreadable."  # then a number, a dot and the name of the file: a log whose key was lost
START = bytes(32)  # the hash before the first record
_HASH = 32
_SMALL = 1024  # bytes of head, first and key at most


class OpenedLog(NamedTuple):
    """One record: the hash of the one before, its number and its text."""

    before: bytes
    number: int
    text: bytes


def names(older: int | None = None) -> list[str]:
    """``current`` and up to ``older`` older files, the oldest first; by default all that there can be."""
    most = limits.LOG_FILES if older is None else older
    return [*(f"older.{number}" for number in range(most, 0, -1)), CURRENT]


def digest(sealed: bytes) -> bytes:
    """The hash of this record that the next record contains."""
    from vault.crypto.sha256 import sha256

    return sha256(sealed).digest()


class LogFiles:
    """The files in ``folder``. A writer holds the log's lock. Content that does not open raises SealBroken."""

    def __init__(self, folder: Folder, *, cache_key: Secret, vault_id: bytes) -> None:
        self.folder = folder
        self._wrapping = hkdf(cache_key, info=b"log")
        self._vault_id = vault_id

    # ── records ─────────────────────────────────────────────────────────────────────────────

    def sealed(self, key: bytes, record: OpenedLog) -> bytes:
        """``record``, at most ``limits.LOG_TEXT`` bytes of it, as SIZE bytes."""
        text = record.text[: limits.LOG_TEXT]
        inner = record.before + record.number.to_bytes(8) + len(text).to_bytes(2) + text
        padded = inner + bytes(SIZE - OVERHEAD - len(inner))
        return seal(key, label="log", aad=self._vault_id, plaintext=padded)

    def opened(self, key: bytes, sealed: bytes) -> OpenedLog:
        """The content of ``sealed``."""
        inner = unseal(key, label="log", aad=self._vault_id, box=sealed)
        end = _HASH + 10 + int.from_bytes(inner[_HASH + 8 : _HASH + 10])
        return OpenedLog(inner[:_HASH], int.from_bytes(inner[_HASH : _HASH + 8]), inner[_HASH + 10 : end])

    def content(self, name: str) -> bytes:
        """All of a file of records. FileNotFoundError; ConfigError if it is too large."""
        return self.folder.read(name, limit=2 * limits.LOG_FILE)

    def newest(self) -> Iterator[bytes]:
        """The last complete records of ``current``, sealed, the newest first; ``limits.LOG_LOOK`` at most."""
        try:
            fd = self.folder.open_file(CURRENT)
        except FileNotFoundError:
            return
        try:
            whole = os.fstat(fd).st_size // SIZE
            for slot in range(whole - 1, max(-1, whole - 1 - limits.LOG_LOOK), -1):
                yield os.pread(fd, SIZE, slot * SIZE)
        finally:
            os.close(fd)

    def size(self) -> int:
        """The bytes of ``current``, 0 if there is none."""
        try:
            return self.folder.attributes(CURRENT).size
        except FileNotFoundError:
            return 0

    def linked(self) -> str:
        """Why nothing may be appended to ``current``, the only file that is changed in place: it has other names.
        Otherwise "".
        """
        try:
            links = self.folder.attributes(CURRENT).links
        except FileNotFoundError:
            return ""
        return f"the file has {links} names (hard links), so no record is added" if links > 1 else ""

    def write(self, sealed: bytearray) -> None:
        """Append to ``current``. UnsafeFile if it has another name."""
        if sealed:
            if why := self.linked():
                raise errors.UnsafeFile(f"{safe(self.folder.path_of(CURRENT))}: {why}")
            self.folder.append(CURRENT, bytes(sealed))

    def rotate(self, key: bytes) -> bool:
        """Make room for a new ``current``. Returns whether the file that is deleted is the right oldest one.

        A kill leaves one name of the row free; the next call moves the files up to it.
        """
        existing = self.folder.names()
        free = (n for n in range(1, limits.LOG_FILES + 1) if f"older.{n}" not in existing)
        last, in_order = next(free, None), True
        if last is None:
            last = limits.LOG_FILES
            in_order = self._is_complete(key)
            self._set_first(key)  # before the oldest is deleted, so that its records do not count as missing
        for number in range(last, 0, -1):
            self.folder.rename(CURRENT if number == 1 else f"older.{number - 1}", f"older.{number}")
        return in_order

    def _is_complete(self, key: bytes) -> bool:
        """Whether the files are full and continuous from the oldest kept record on, by their first and last records."""
        starts: list[int] = []
        before = b""
        try:
            for name in names():
                content = self.content(name)
                first, last = self.opened(key, content[:SIZE]), self.opened(key, content[-SIZE:])
                full = len(content) == limits.LOG_FILE == (last.number - first.number + 1) * SIZE
                if not full or (starts and first.before != before):
                    return False
                starts.append(first.number)
                before = digest(content[-SIZE:])
            return (
                self.first(key) in starts[:2]
            )  # the second, if a writer was killed before it moved the files
        except (SealBroken, FileNotFoundError, errors.ConfigError):
            return False

    # ── head and first ──────────────────────────────────────────────────────────────────────

    def head(self, key: bytes) -> tuple[int, bytes]:
        """The next number and the hash of the last record. FileNotFoundError."""
        plain = unseal(key, label="log-head", aad=self._vault_id, box=self._small(HEAD))
        return int.from_bytes(plain[:8]), plain[8:]

    def set_head(self, key: bytes, number: int, last: bytes) -> None:
        """Write the next number and the hash of the last record."""
        plain = number.to_bytes(8) + last
        box = seal(key, label="log-head", aad=self._vault_id, plaintext=plain)
        self.folder.write_atomic(HEAD, box, durable=False)

    def first(self, key: bytes) -> int:
        """The number of the oldest record that is kept; 0 if none was dropped."""
        try:
            box = self._small(FIRST)
        except FileNotFoundError:
            return 0
        return int.from_bytes(unseal(key, label="log-first", aad=self._vault_id, box=box))

    def _set_first(self, key: bytes) -> None:
        """Write the number of the first record after the oldest file."""
        for name in names(limits.LOG_FILES - 1):
            try:
                content = self.content(name)
            except errors.ConfigError:
                continue
            for at in range(0, len(content), SIZE):
                try:
                    number = self.opened(key, content[at : at + SIZE]).number
                except SealBroken:
                    continue
                box = seal(key, label="log-first", aad=self._vault_id, plaintext=number.to_bytes(8))
                self.folder.write_atomic(FIRST, box, durable=True)
                return

    # ── the key ─────────────────────────────────────────────────────────────────────────────

    def key(self) -> bytes:
        """The key of the records. FileNotFoundError if there is none; Damaged if it does not open."""
        try:
            return self._key_in(KEY)
        except SealBroken:
            pass
        try:
            return self._key_in(NEXT)  # a rekey was killed
        except (FileNotFoundError, SealBroken):
            raise errors.Damaged(
                "the log cannot be read: it is sealed with a different cache key",
                hint="the vault is an older copy, or another machine's; the next export starts a new log and keeps this one as "
                f"{ASIDE}N.*",
            ) from None

    def _key_in(self, name: str) -> bytes:
        return unseal(self._wrapping, label="log-key", aad=self._vault_id, box=self._small(name))

    def put_key(self, key: bytes, *, ahead: bool = False) -> None:
        """Write ``key``, sealed under the cache key. ``ahead``: the vault does not have that cache key yet."""
        box = seal(self._wrapping, label="log-key", aad=self._vault_id, plaintext=key)
        self.folder.write_atomic(NEXT if ahead else KEY, box, durable=True)
        if not ahead and NEXT in self.folder.names():
            self.folder.unlink(NEXT)

    def keyless(self) -> bool:
        """Whether there are or were records, but no key."""
        return any(n in (CURRENT, FIRST) or n.startswith(("older.", ASIDE)) for n in self.folder.names())

    def has_aside(self) -> bool:
        """Whether a log was put aside."""
        return any(name.startswith(ASIDE) for name in self.folder.names())

    def put_aside(self) -> None:
        """Rename the files, with a new number. With the lost cache key, from a backup, the log can be read again."""
        existing = self.folder.names()
        taken = [n.split(".")[1] for n in existing if n.startswith(ASIDE)]
        number = 1 + max((int(n) for n in taken if n.isdecimal()), default=0)
        for name in (
            *names(),
            HEAD,
            FIRST,
            NEXT,
            KEY,
        ):  # the key last: it shows that the others belong to a log
            if name in existing:
                self.folder.rename(name, f"{ASIDE}{number}.{name}")

    def _small(self, name: str) -> bytes:
        try:
            return self.folder.read(name, limit=_SMALL)
        except errors.ConfigError:  # too large to be valid
            raise SealBroken from None
