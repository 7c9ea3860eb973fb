"""Replacing the user's own files (AWS's config and credentials): whole, in one step, and only where that is wanted.

A file that is a link, another's, or read-only is made by something else, which would put it back or never see our
change; it is read and never rewritten. Nothing is decided here about what a file should hold.
"""

from __future__ import annotations

import os
import stat

from vault import errors, limits
from vault.system.files import Folder
from vault.system.user_files import read_users_file
from vault.text import safe


class ChangedMeanwhile(errors.Declined):
    """The file is no longer what the change was made for (10)."""

    hint = "another program wrote it; run the command again"


def hands_off(path: str) -> str | None:
    """Why the file at ``path`` is not to be rewritten, or None where it may be, or is not there."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(status.st_mode):
        return f"a link to {safe(os.path.realpath(path))}"
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    if status.st_uid != os.geteuid():
        return "root's" if status.st_uid == 0 else f"of user id {status.st_uid}"
    if status.st_nlink > 1:
        return "known by another name too (a hard link)"
    if not status.st_mode & stat.S_IWUSR:
        return "read-only"
    return None


def replace(path: str, data: bytes, *, before: bytes | None) -> None:
    """Put ``data`` in the place of ``path``, which must hold ``before`` (None: must not be there). Keeps its mode.

    The caller holds a lock over all processes of ours. Errors: ChangedMeanwhile, UnsafeFile, StorageError.
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
            raise ChangedMeanwhile(f"{safe(path)} went away meanwhile; nothing was changed") from None
        except BaseException:
            folder.unlink(temp)
            raise
        folder.sync()


def remove(path: str, *, before: bytes) -> None:
    """Remove ``path``, which must hold ``before``; one that is gone already is fine. Errors as ``replace``."""
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
            f"{safe(path)} is {reason}, so it is not rewritten", hint="change it where it is made"
        )


def _same(path: str, before: bytes | None) -> None:
    if read_users_file(path, limit=limits.MAX_CONFIG_FILE) != before:
        raise ChangedMeanwhile(f"{safe(path)} was changed meanwhile; nothing was written")
