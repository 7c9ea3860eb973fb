"""Replaces the user's files (AWS's config and credentials): as a whole, in one step, and only if that is safe.

A file that is a link, another user's, or read-only is managed by another program, which would undo the change or not
see it: it is read and never rewritten. The content is the caller's decision.
"""

from __future__ import annotations

import os
import stat

from vault import errors, limits
from vault.system.files import Folder
from vault.system.user_files import read_users_file
from vault.text import safe


class ChangedMeanwhile(errors.Declined):
    """The file has changed since the new content was computed (10)."""

    hint = "another program wrote to it; run the command again"


def hands_off(path: str) -> str | None:
    """Why the file at ``path`` must not be rewritten; None if it may be, or does not exist."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(status.st_mode):
        return f"a link to {safe(os.path.realpath(path))}"
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    if status.st_uid != os.geteuid():
        return f"owned by {'root' if status.st_uid == 0 else f'user ID {status.st_uid}'}"
    if status.st_nlink > 1:
        return "a file with more than one name (hard links)"
    if not status.st_mode & stat.S_IWUSR:
        return "read-only"
    return None


def replace(path: str, data: bytes, *, before: bytes | None) -> None:
    """Replace the content of ``path``, which must be ``before`` (None: no file), by ``data``. The mode stays.

    The caller holds a lock over all processes of awsvault-py. Errors: ChangedMeanwhile, UnsafeFile, StorageError.
    """
    _refuse(path)
    name = os.path.basename(path)
    with Folder.of_user(os.path.dirname(path), create=True) as folder:
        folder.sweep(name)
        temp = folder.create_temp(name, data, durable=True)
        try:
            if before is not None:
                mode = stat.S_IMODE(os.stat(name, dir_fd=folder.fd, follow_symlinks=False).st_mode)
                os.chmod(temp, mode, dir_fd=folder.fd)
            _same(path, before)
            folder.rename(temp, name)
        except FileNotFoundError:
            folder.unlink(temp)
            raise ChangedMeanwhile(f"{safe(path)} was removed in the meantime; nothing was changed") from None
        except BaseException:
            folder.unlink(temp)
            raise
        folder.sync()


def remove(path: str, *, before: bytes) -> None:
    """Remove ``path``, whose content must be ``before``, if it exists. Errors: those of ``replace``."""
    if not os.path.lexists(path):
        return
    _refuse(path)
    _same(path, before)
    with Folder.of_user(os.path.dirname(path)) as folder:
        folder.unlink(os.path.basename(path))
        folder.sync()


def _refuse(path: str) -> None:
    reason = hands_off(path)
    if reason is not None:
        raise errors.UnsafeFile(
            f"{safe(path)} is {reason}, so awsvault-py does not rewrite it",
            hint="make the change in its source",
        )


def _same(path: str, before: bytes | None) -> None:
    if read_users_file(path, limit=limits.MAX_CONFIG_FILE) != before:
        raise ChangedMeanwhile(f"{safe(path)} was changed in the meantime; nothing was written")
