"""The vault's files: lock, read, the seven steps of a write, and backups (format.md 6).

It has no key and opens no box: the caller passes the function that checks what was written. All calls use the
descriptor of the folder, so no link is followed, and replacing the folder meanwhile has no effect.
"""

from __future__ import annotations

import os

from vault import errors, limits
from vault.store.format import FormatError, VaultFile, parse_file
from vault.system import locks
from vault.system.files import Folder, temp_name
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from vault.system.clock import Deadline
    from vault.system.paths import Paths

    Checked = TypeVar("Checked")

VAULT = "vault.avlt"
LOCK = "vault.lock"
BACKUP_NAMES = tuple(f"{VAULT}.bak{n}" for n in range(1, limits.BACKUPS + 1))  # the newest first
SET_ASIDE = f"{VAULT}.damaged"  # an unreadable vault that a restore replaced
_TEMP = "vault"


class NoVault(errors.NotFound):
    """There is no vault (5)."""

    hint = "run: awsvault-py add NAME; to use a backup: awsvault-py restore FILE"


def open_folder(paths: Paths, *, create: bool = False) -> Folder:
    """The vault's folder. NoVault if it does not exist."""
    try:
        return Folder.open(paths.vault_folder, create=create)
    except FileNotFoundError:
        raise NoVault(f"there is no vault at {safe(paths.vault)}") from None


def lock(folder: Folder, *, deadline: Deadline) -> locks.Lock:
    """Take the writer's lock, waiting until the deadline."""
    return locks.lock(folder, LOCK, deadline=deadline)


def read(folder: Folder, name: str = VAULT) -> VaultFile:
    """The parts of a vault file, not authenticated. NoVault, Damaged, UnsafeFile or StorageError."""
    path = safe(folder.path_of(name))
    try:
        raw = folder.read(name, limit=limits.MAX_VAULT_FILE)
    except FileNotFoundError:
        raise NoVault(f"there is no vault at {path}") from None
    except (errors.UnsafeFile, errors.StorageError):
        raise
    except errors.ConfigError as e:  # its size, which was checked before a byte was read
        raise errors.Damaged(e.message) from None
    try:
        return parse_file(raw)
    except FormatError as e:
        raise errors.Damaged(f"{path}: {e}") from None


def replace(folder: Folder, raw: bytes, *, check: Callable[[bytes], Checked], keep_old: bool) -> Checked:
    """Replace the vault by ``raw``; the caller holds the lock. After a failure the old vault is unchanged.

    ``check`` gets the bytes that are read back, and raises if they do not open; what it returns is returned. ``keep_old`` makes
    the current vault the newest backup.
    """
    folder.sweep(_TEMP)
    for name in (VAULT, *BACKUP_NAMES):
        _refuse_foreign(folder, name)
    temp = folder.create_temp(_TEMP, raw, durable=True)
    try:
        checked = check(_read_back(folder, temp, raw))
        if keep_old:
            _rotate(folder)
        folder.rename(temp, VAULT)
    except BaseException:
        _discard(folder, temp)
        raise
    folder.sync()
    return checked


def create(folder: Folder, raw: bytes, *, check: Callable[[bytes], Checked]) -> Checked:
    """Like ``replace``, for a new vault. AlreadyExists if there is one, even one that was just created."""
    folder.sweep(_TEMP)
    temp = folder.create_temp(_TEMP, raw, durable=True)
    try:
        checked = check(_read_back(folder, temp, raw))
        # By link and not by rename, so that it never replaces a file of another process.
        folder.link(temp, VAULT)
    except FileExistsError:
        raise already_there(folder.path_of(VAULT)) from None
    finally:
        _discard(folder, temp)
    folder.sync()
    return checked


def already_there(path: str) -> errors.AlreadyExists:
    """The error if a vault already exists where one is to be created."""
    return errors.AlreadyExists(
        f"there already is a vault at {safe(path)}",
        hint="to change how it opens: awsvault-py passwd, or awsvault-py slots add WAY",
    )


def set_aside(folder: Folder) -> None:
    """Give a vault that cannot be read a second name, so that a restore loses nothing. The caller holds the lock."""
    folder.sweep(_TEMP)
    _refuse_foreign(folder, SET_ASIDE)
    _second_name(folder, VAULT, SET_ASIDE)


def backups(folder: Folder) -> Iterator[tuple[str, VaultFile]]:
    """The automatic backups that can be read, the newest first."""
    for name in BACKUP_NAMES:
        try:
            yield name, read(folder, name)
        except errors.Error:
            continue


def drop_backups(folder: Folder, *, below: int | None = None) -> list[str]:
    """Remove the automatic backups, or those of a generation below ``below``. Returns the paths that could not be removed."""
    left = []
    for name in BACKUP_NAMES:
        try:
            if below is not None and read(folder, name).header.gen >= below:
                continue
            folder.unlink(name)
        except NoVault:
            continue
        except errors.Error:
            # A backup that cannot be read has no known generation: it is removed only if all are.
            if below is None:
                left.append(folder.path_of(name))
    return left


def drop_all_before(folder: Folder) -> list[str]:
    """After a rekey: remove everything that old secrets open, even what a restore set aside. Returns the paths that are
    left.
    """
    left = drop_backups(folder)
    try:
        folder.unlink(SET_ASIDE)
    except errors.Error:
        left.append(folder.path_of(SET_ASIDE))
    return left


def _read_back(folder: Folder, name: str, raw: bytes) -> bytes:
    back = folder.read(name, limit=limits.MAX_VAULT_FILE)
    if back != raw:
        raise errors.StorageError(
            f"{safe(folder.path_of(name))}: the disk returned other bytes than were written"
        )
    return back


def _rotate(folder: Folder) -> None:
    try:
        vault = folder.attributes(VAULT)
    except FileNotFoundError:
        return  # a restore after the vault was lost
    try:
        newest = folder.attributes(BACKUP_NAMES[0])
    except FileNotFoundError:
        newest = None
    if newest is not None and (newest.device, newest.inode) == (vault.device, vault.inode):
        return  # a write was killed after this step: the backup exists, and a second one would replace an older one
    for older, newer in reversed(list(zip(BACKUP_NAMES[1:], BACKUP_NAMES, strict=False))):
        try:
            folder.rename(newer, older)
        except FileNotFoundError:
            continue
    _second_name(folder, VAULT, BACKUP_NAMES[0])


def _second_name(folder: Folder, old: str, new: str) -> None:
    """Give the file ``old`` the second name ``new`` in one step, replacing any file of that name."""
    temp = temp_name(_TEMP)
    folder.link(old, temp)
    try:
        folder.rename(temp, new)
    finally:
        folder.unlink(
            temp
        )  # rename() between two links to one file does nothing, and leaves the temporary name


def _refuse_foreign(folder: Folder, name: str) -> None:
    """UnsafeFile if the place of a file to be written has a link, a FIFO or the like, or another user's file."""
    try:
        os.close(folder.open_file(name))
    except FileNotFoundError:
        return


def _discard(folder: Folder, name: str) -> None:
    try:
        folder.unlink(name)
    except errors.Error:
        return  # the error being handled matters more; the next write cleans up
