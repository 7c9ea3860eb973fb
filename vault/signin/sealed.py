"""Sign-ins as sealed files, one each, in a folder beside the vault (format.md 7). A damaged file counts as missing.

A write waits for the disk: refresh tokens may be valid only once. Calls nothing and prints nothing.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager, suppress

from vault import errors, limits
from vault.crypto.seal import SealBroken, hkdf, seal, unseal
from vault.crypto.sha256 import hmac_sha256
from vault.signin import FOLDER
from vault.signin import attempt as attempts
from vault.signin import record as records
from vault.store.strict_json import JsonError
from vault.system import locks
from vault.system.files import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

    from vault.secret import Secret
    from vault.signin.attempt import SignInAttempt
    from vault.signin.record import SignInPlace, SignInRecord
    from vault.system.clock import Deadline
    from vault.system.locks import Lock
    from vault.system.paths import Paths

_NAME = 40  # characters of hexadecimal: 160 bits
_HEX = frozenset("0123456789abcdef")
_LOCK = ".lock"
_KEY_LOCK = "key.lock"  # while the key of all sign-ins is replaced, or a new sign-in is stored
_ASK = ".ask"  # of the lock that a process holds while its user signs in


class SignIns:
    """The sign-ins of one vault, as a context manager. Without a folder there is none."""

    __slots__ = ("_folder", "_key", "_naming", "_vault_id")

    def __init__(self, folder: Folder | None, *, key: Secret, vault_id: bytes) -> None:
        self._folder = folder
        self._key = key
        self._naming = hkdf(key, info=b"awsvault/v1/signin-name")
        self._vault_id = vault_id

    @classmethod
    def open(cls, paths: Paths, *, key: Secret, vault_id: bytes, create: bool = False) -> Self:
        """The sign-ins beside the vault. ``create`` makes the folder. Errors: UnsafeFile, StorageError."""
        return cls(_open(paths, create=create), key=key, vault_id=vault_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.close()

    def name(self, place: SignInPlace) -> str:
        """The file name of a place's sign-in."""
        return hmac_sha256(self._naming, place.identity).hex()[:_NAME]

    def read(self, place: SignInPlace) -> SignInRecord | None:
        """The sign-in of this place; None if there is none, or if the section now names another URL or region."""
        found = self._read(self.name(place))
        return found if found is not None and found.place == place else None

    def all(self) -> list[SignInRecord]:
        """Every sign-in that the key opens, by name."""
        found = [self._read(name) for name in _names(self._folder)[: limits.MAX_SIGN_INS]]
        return sorted((one for one in found if one is not None), key=lambda one: one.place.name)

    def write(self, found: SignInRecord) -> None:
        """Write a sign-in, and wait until it is on the disk. The caller holds its lock. Errors: StorageError, UnsafeFile."""
        folder, name = self._there(), self.name(found.place)
        folder.sweep(name)
        folder.write_atomic(name, self._sealed(found, name), durable=True)

    def reserve(self, found: SignInRecord) -> None:
        """Check that a sign-in of this size can be written now, before a refresh token is used up. Errors: StorageError."""
        folder, name = self._there(), self.name(found.place)
        folder.sweep(name)
        folder.unlink(
            folder.create_temp(name, bytes(len(self._sealed(found, name)) + limits.PAD_MAIN), durable=False)
        )

    def remove(self, place: SignInPlace) -> bool:
        """Delete the sign-in, and what a killed write left of it. The caller holds its lock. Returns whether there was one.

        Errors: StorageError.
        """
        name = self.name(place)
        if self._folder is None:
            return False
        self._folder.sweep(name)
        self._folder.unlink(name + _ASK)
        if name not in self._folder.names():
            return False
        self._folder.unlink(name)
        self._folder.sync()
        return True

    def attempt(self, place: SignInPlace) -> tuple[bytes, SignInAttempt | None]:
        """The last attempt to sign in that did not succeed, with bytes that no other attempt has. Never an error."""
        name = self.name(place) + _ASK
        if self._folder is None:
            return b"", None
        box = b""
        try:
            box = self._folder.read(name, limit=limits.MAX_SIGN_IN_FILE)
            return box, attempts.decode(
                unseal(self._key, label="signin-attempt", aad=self._aad(name), box=box)
            )
        except (errors.Error, OSError, SealBroken, ValueError):
            return box, None

    def write_attempt(self, place: SignInPlace, attempt: SignInAttempt | None) -> None:
        """Write the attempt, or delete it (None: it succeeded). The caller holds the lock of the question. Errors: StorageError."""
        folder, name = self._there(), self.name(place) + _ASK
        folder.sweep(name)
        if attempt is None:
            folder.unlink(name)
            return
        plaintext = attempts.encode(attempt)
        box = seal(self._key, label="signin-attempt", aad=self._aad(name), plaintext=plaintext)
        folder.write_atomic(name, box, durable=False)

    def lock(self, place: SignInPlace, *, deadline: Deadline) -> Lock:
        """The lock of this sign-in's file between all processes. Errors: locks.Busy, StorageError."""
        return locks.lock(self._there(), self.name(place) + _LOCK, deadline=deadline)

    def try_lock(self, place: SignInPlace) -> Lock | None:
        """The lock, if no process holds it."""
        return locks.try_lock(self._there(), self.name(place) + _LOCK)

    def lock_key(self, *, deadline: Deadline) -> Lock:
        """The lock under which the key of all sign-ins does not change. Errors: locks.Busy."""
        return locks.lock(self._there(), _KEY_LOCK, deadline=deadline)

    def lock_question(self, place: SignInPlace, *, deadline: Deadline, waiting: Callable[[], None]) -> Lock:
        """The lock under which a user signs in, so that one browser opens for ten commands. Errors: locks.Busy.

        ``waiting`` is called if another process holds it.
        """
        folder, name = self._there(), self.name(place) + _ASK + _LOCK
        held = locks.try_lock(folder, name)
        if held is not None:
            return held
        waiting()
        return locks.lock(folder, name, deadline=deadline)

    def _there(self) -> Folder:
        if self._folder is None:
            raise errors.Internal("the folder of the sign-ins was not created")
        return self._folder

    def _sealed(self, found: SignInRecord, name: str) -> bytes:
        try:
            plaintext = records.encode(found)
        except JsonError as error:
            raise errors.ConfigError(f"the sign-in cannot be stored: {error}") from None
        sealed = seal(self._key, label="signin", aad=self._aad(name), plaintext=plaintext)
        if len(sealed) > limits.MAX_SIGN_IN_FILE:
            raise errors.Unreachable("AWS answered with tokens that are too long to store", sent=True)
        return sealed

    def _read(self, name: str) -> SignInRecord | None:
        if self._folder is None:
            return None
        try:
            box = self._folder.read(name, limit=limits.MAX_SIGN_IN_FILE)
            found = records.decode(unseal(self._key, label="signin", aad=self._aad(name), box=box))
        except (errors.Error, OSError, SealBroken, ValueError):
            return None
        return found if self.name(found.place) == name else None

    def _aad(self, name: str) -> bytes:
        return self._vault_id + name.encode("ascii")


def any_file(paths: Paths) -> bool:
    """Whether there is a sign-in, as far as can be told without a key. Never an error.

    An unsafe folder may have one: opening it reports that.
    """
    try:
        with suppress(errors.StorageError), _nothing_or(_open(paths, create=False)) as folder:
            return bool(_names(folder))
    except errors.UnsafeFile:
        return True
    except OSError:
        pass
    return False


def remove_all(paths: Paths) -> int:
    """Delete every sign-in, those that no key opens too. Returns how many. Errors: StorageError, UnsafeFile."""
    with _nothing_or(_open(paths, create=False)) as folder:
        return _remove(folder, keep=frozenset())


@contextmanager
def carried_over(
    paths: Paths,
    *,
    old: Callable[[], Secret | None],
    new: Secret | None,
    vault_id: bytes,
    deadline: Deadline,
) -> Iterator[list[str]]:
    """While the vault gets the key ``new`` in place of ``old``: seal each sign-in under ``new``, then delete all others.

    A sign-in that cannot be sealed again is dropped: the vault is more important. Yields the names of those places. If the work
    fails, the old ones stay. ``old`` is called when no other process can store a new sign-in.
    """
    with ExitStack() as held, _nothing_or(_open(paths, create=False)) as folder:
        made: list[str] = []
        lost: list[str] = []
        if folder is not None:
            with suppress(errors.Error):
                held.enter_context(locks.lock(folder, _KEY_LOCK, deadline=deadline))
        key = old()
        if folder is not None and key is not None and new is not None:
            before = SignIns(folder, key=key, vault_id=vault_id)
            after = SignIns(folder, key=new, vault_id=vault_id)
            for found in before.all():
                try:
                    held.enter_context(before.lock(found.place, deadline=deadline))
                    current = before.read(found.place)  # another process may have refreshed it
                    if current is not None:
                        after.write(current)
                        made.append(after.name(current.place))
                except errors.Error:
                    lost.append(found.place.name)
        try:
            yield lost
        except BaseException:
            for name in made:
                with suppress(errors.Error):
                    folder.unlink(name)  # type: ignore[union-attr]  # made is empty without a folder
            raise
        with suppress(errors.Error):  # what is left opens with no key of the vault
            _remove(folder, keep=frozenset(made))


def _remove(folder: Folder | None, *, keep: frozenset[str]) -> int:
    gone = 0
    for name in folder.names() if folder is not None else ():
        stem = name.removesuffix(_LOCK).removesuffix(_ASK).removeprefix(".")[:_NAME]
        if folder is None or not _is_name(stem) or name.removesuffix(_LOCK).removesuffix(_ASK) in keep:
            continue
        if not name.endswith(_LOCK):
            folder.unlink(name)
            gone += _is_name(name)
    if folder is not None and gone:
        folder.sync()
    return gone


def _open(paths: Paths, *, create: bool) -> Folder | None:
    try:
        return Folder.open(os.path.join(paths.vault_folder, FOLDER), create=create)
    except FileNotFoundError:
        return None


@contextmanager
def _nothing_or(folder: Folder | None) -> Iterator[Folder | None]:
    try:
        yield folder
    finally:
        if folder is not None:
            folder.close()


def _names(folder: Folder | None) -> list[str]:
    return sorted(filter(_is_name, folder.names())) if folder is not None else []


def _is_name(name: str) -> bool:
    return len(name) == _NAME and set(name) <= _HEX
