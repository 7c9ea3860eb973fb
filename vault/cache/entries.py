"""Sealed sessions on disk, in one folder. A file that is not exactly right is a cache miss, never an error.

A file's name is a keyed hash of what decides its session, and its content is sealed with the cache key: the folder
reveals only how many sessions there are. There are three kinds of files: sessions, aliases (from profile and
fingerprint of the configuration to the digest of a session, so that a cache hit reads no config), and markers of a
failure.
"""

from __future__ import annotations

import os

from vault import errors, limits
from vault.cache.freshness import Freshness, classify
from vault.crypto.seal import OVERHEAD, SealBroken, hkdf, seal, unseal
from vault.crypto.sha256 import hmac_sha256
from vault.records import NamedTuple
from vault.system.files import Folder
from vault.system.locks import Busy, Lock, lock, try_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from vault.secret import Secret
    from vault.system.clock import Deadline

_NAME = 40  # characters of base32: 200 bits
_LOCK = ".lock"
_SWEPT = ".gc"
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_TIMES = 16  # two u64: issued, expires


class Cached(NamedTuple):
    """One session: Unix seconds of issue and expiry, and the JSON line that credential_process prints for it."""

    issued: int
    expires: int
    body: bytes

    def freshness(self, now: float) -> Freshness:
        """Its freshness at Unix time ``now``."""
        return classify(issued=self.issued, expires=self.expires, now=now)


class Failure(NamedTuple):
    """A failure of STS a moment ago: the exit code of its class, its message and hint (without secrets).

    ``code`` is AWS's error code: a process that waited for the answer acts on it like the one that asked.
    """

    exit_code: int
    message: str
    hint: str
    code: str = ""


class Cache:
    """The sessions of one vault. ``folder`` is None if it cannot be used: then everything is a cache miss and nothing
    is stored.
    """

    __slots__ = ("_encryption", "_folder", "_naming", "_vault_id")

    def __init__(self, folder: Folder | None, *, cache_key: Secret, vault_id: bytes) -> None:
        self._folder = folder
        self._naming = hkdf(cache_key, info=b"cache-name")
        self._encryption = hkdf(cache_key, info=b"cache-enc")
        self._vault_id = vault_id

    @classmethod
    def open(cls, path: str, *, cache_key: Secret, vault_id: bytes) -> Cache:
        """The cache in ``path``, which is created if missing. If the folder is not safe to use, the cache stores nothing."""
        try:
            folder = Folder.open(path, create=True, make_private=True)
        except (errors.Error, OSError):
            folder = None
        return cls(folder, cache_key=cache_key, vault_id=vault_id)

    def __enter__(self) -> Cache:  # noqa: PYI034  # typing is not imported here
        return self

    def __exit__(self, *_: object) -> None:
        """Close the folder: a server opens a cache for each refresh."""
        if self._folder is not None:
            self._folder.close()

    # ── sessions ────────────────────────────────────────────────────────────────────────────

    def get(self, digest: bytes) -> Cached | None:
        """The session whose chain has this digest (32 bytes), even if it has expired. None is a miss."""
        times_and_body = self._read("cache", digest)
        if times_and_body is None or len(times_and_body) <= _TIMES:
            return None
        issued = int.from_bytes(times_and_body[:8])
        expires = int.from_bytes(times_and_body[8:_TIMES])
        return Cached(issued, expires, times_and_body[_TIMES:])

    def has_file(self, digest: bytes) -> bool:
        """Whether there is a file of this session, which may have expired or be damaged. Decrypts nothing."""
        if self._folder is None:
            return False
        try:
            self._folder.attributes(self._name("cache", digest))
        except (errors.Error, FileNotFoundError):
            return False
        return True

    def put(self, digest: bytes, session: Cached) -> bool:
        """Store a session. False if that failed, which only costs another call to AWS later."""
        times = session.issued.to_bytes(8) + session.expires.to_bytes(8)
        return self._write("cache", digest, times + session.body, expires=session.expires)

    def forget(self, digest: bytes) -> bool:
        """Remove a session. True if there was one."""
        return self._remove("cache", digest)

    # ── aliases ─────────────────────────────────────────────────────────────────────────────

    def alias(self, profile: str, fingerprint: bytes) -> bytes | None:
        """The digest of the session that ``profile`` had when the configuration had this fingerprint."""
        found = self._read("alias", _alias_key(profile, fingerprint))
        return found if found is not None and len(found) == 32 else None

    def put_alias(self, profile: str, fingerprint: bytes, digest: bytes, *, expires: int) -> bool:
        """Record which session answers for ``profile`` until Unix time ``expires``."""
        return self._write("alias", _alias_key(profile, fingerprint), digest, expires=expires)

    # ── markers of a failure ────────────────────────────────────────────────────────────────

    def failure(self, digest: bytes, *, now: float) -> Failure | None:
        """The failure of this link within the last seconds, or None."""
        found = self._read("marker", digest)
        if found is None:
            return None
        when, _, rest = found.partition(b"\0")
        exit_code, _, rest = rest.partition(b"\0")
        code, _, rest = rest.partition(b"\0")
        words = [
            part.decode("utf-8", "ignore") for part in rest.partition(b"\0")
        ]  # the content may be cut off
        try:
            if 0 <= now - float(when) < limits.MARKER_TTL:
                return Failure(int(exit_code), words[0], words[2], code.decode("utf-8", "ignore"))
        except ValueError:
            pass
        return None

    def put_failure(self, digest: bytes, failure: Failure, *, now: float) -> None:
        """Record a failure for ``limits.MARKER_TTL`` seconds."""
        code, message = failure.code.replace("\0", ""), failure.message.replace("\0", "")
        texts = [f"{now:.3f}", str(failure.exit_code), code, message, failure.hint]
        content = "\0".join(texts).encode("utf-8", "backslashreplace")[: limits.ENTRY_BLOCK // 2]
        self._write("marker", digest, content, expires=int(now) + limits.MARKER_TTL)

    def forget_failure(self, digest: bytes) -> None:
        """Delete the marker, once the link works again."""
        self._remove("marker", digest)

    # ── single flight ───────────────────────────────────────────────────────────────────────

    def lock(self, digest: bytes, *, deadline: Deadline) -> Lock | None:
        """The lock of a link between all processes. None if there cannot be one (a full disk, a file system without
        locks): the caller continues without it.

        Errors: locks.Busy at the deadline.
        """
        if self._folder is None:
            return None
        try:
            return lock(self._folder, self._name("cache", digest) + _LOCK, deadline=deadline)
        except Busy:
            raise
        except errors.StorageError:
            return None

    def try_lock(self, digest: bytes) -> Lock | None:
        """The lock, if no process holds it."""
        if self._folder is None:
            return None
        try:
            return try_lock(self._folder, self._name("cache", digest) + _LOCK)
        except errors.Error:
            return None

    # ── clearing ────────────────────────────────────────────────────────────────────────────

    def collect(self, now: float) -> int:
        """Delete some expired files, at most once an hour. Returns how many."""
        if self._folder is None:
            return 0
        try:
            swept = self._folder.attributes(_SWEPT).mtime_ns / 1e9
        except (errors.Error, FileNotFoundError):
            swept = 0.0
        if 0 <= now - swept < limits.GC_EVERY:
            return 0
        try:
            self._folder.write_atomic(_SWEPT, b"", durable=False, mtime=int(now))
            names = _ours_of(self._folder)
            start = int.from_bytes(os.urandom(4)) % (
                len(names) or 1
            )  # in a large cache, each file gets its turn
            return sum(
                _sweep(self._folder, name, now) for name in (names[start:] + names[:start])[: limits.GC_MOST]
            )
        except errors.Error:
            return 0  # a full or read-only disk: the next miss tries again

    def wipe(self, *, but: Collection[bytes] = (), aliases: Collection[tuple[str, bytes]] = ()) -> int:
        """Delete all files, expired or not. Returns how many sessions, aliases and markers were deleted.

        ``but``: the digests of sessions that stay; ``aliases``: the profile and the fingerprint of aliases that stay.
        If one cannot be deleted, the error is raised after all others are deleted. Errors: StorageError, UnsafeFile.
        """
        if self._folder is None:
            return 0
        gone, left = 0, None
        kept = {self._name("cache", digest) for digest in but}
        kept.update(self._name("alias", _alias_key(*alias)) for alias in aliases)
        for name in _ours_of(self._folder):
            if name.removesuffix(_LOCK) in kept:
                continue
            try:
                gone += _sweep(self._folder, name, None)
            except errors.Error as error:
                left = error
        if left is not None:
            raise left
        return gone

    # ── one file ────────────────────────────────────────────────────────────────────────────

    def _name(self, kind: str, key: bytes) -> str:
        mac = hmac_sha256(self._naming, kind.encode() + b"\0" + key)
        number = int.from_bytes(mac[: _NAME * 5 // 8])  # base32 without base64, which imports re
        return "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * _NAME - 5, -1, -5))

    def _aad(self, kind: str, key: bytes) -> bytes:
        # An alias is read before the vault is, so the vault's ID cannot be part of it. The cache key is the vault's own, which binds it
        # as well.
        return b"\0" + key if kind == "alias" else self._vault_id + key

    def _read(self, kind: str, key: bytes) -> bytes | None:
        if self._folder is None:
            return None
        try:
            sealed = self._folder.read(self._name(kind, key), limit=limits.MAX_ENTRY)
            padded = unseal(self._encryption, label=kind, aad=self._aad(kind, key), box=sealed)
        except (errors.Error, OSError, SealBroken):
            return None
        content, mark, zeros = padded.rpartition(b"\x80")
        return content if mark and not zeros.strip(b"\0") else None

    def _write(self, kind: str, key: bytes, content: bytes, *, expires: int) -> bool:
        if self._folder is None:
            return False
        size = len(content) + 1 + OVERHEAD
        padding = bytes(-size % limits.ENTRY_BLOCK)
        if size + len(padding) > limits.MAX_ENTRY:
            return False
        sealed = seal(
            self._encryption, label=kind, aad=self._aad(kind, key), plaintext=content + b"\x80" + padding
        )
        rounded = (
            -(-expires // 3600) * 3600
        )  # rounded to the hour: the time of the file must not reveal when it was written
        try:
            self._folder.write_atomic(self._name(kind, key), sealed, durable=False, mtime=rounded)
        except errors.Error:
            return False
        return True

    def _remove(self, kind: str, key: bytes) -> bool:
        if self._folder is None:
            return False
        name = self._name(kind, key)
        try:
            self._folder.attributes(name)
            self._folder.unlink(name)
        except (errors.Error, FileNotFoundError):
            return False
        return True


def _sweep(folder: Folder, name: str, now: float | None) -> bool:
    """Delete one file if it has expired (always if ``now`` is None). True if it was a session, an alias or a marker."""
    try:
        expired = now is None or folder.attributes(name).mtime_ns / 1e9 < now
    except FileNotFoundError:
        return False
    if not expired:
        return False
    if not name.endswith(_LOCK):
        folder.unlink(name)
        return not name.startswith(".")
    held = try_lock(folder, name)  # a held lock stays: without its file, two processes could both hold it
    if held is not None:
        with held:
            folder.unlink(name)
    return False


def _ours_of(folder: Folder) -> list[str]:
    return [name for name in folder.names() if _is_cache_file(name)]


def _alias_key(profile: str, fingerprint: bytes) -> bytes:
    try:
        name = os.fsencode(profile)
    except UnicodeEncodeError:  # AWS's files name a profile that no command line in this locale can name
        name = profile.encode("utf-8", "surrogateescape")
    return name + b"\0" + fingerprint


def _is_cache_file(name: str) -> bool:
    """Whether this module writes a file of this name: a session, an alias, a marker, a lock or a temporary file."""
    stem = name.removesuffix(_LOCK)
    if name.startswith("."):
        stem = name[1:].partition(".")[0]
    return len(stem) == _NAME and set(stem) <= set(_ALPHABET)
