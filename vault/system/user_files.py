"""The user's files: reads AWS's config and tokens, writes a backup to a USB stick.

The counterpart of files.py, whose folders are awsvault-py's; here a folder may be anyone's. Links in the path of a
folder are followed, but not in the place of a new file or of a secret.
"""

from __future__ import annotations

import errno
import os
import stat

from vault import errors
from vault.system.files import OTHERS, READ, Folder, read_all, translate
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def read_users_file(path: str, *, limit: int) -> bytes | None:
    """The bytes of one of the user's files (AWS's config, a token), following links; None if it does not exist.

    It must belong to root or to this user and must not be writable by everyone (docs/security.md, hostile config). /dev/null
    counts as an empty file, because people set it for that. Errors: UnsafeFile, StorageError, ConfigError.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        if isinstance(error, OSError):
            raise translate(error, path, followed=True) from None
        raise errors.ConfigError(f"{safe(path)} is not a valid path") from None
    try:
        status = os.fstat(fd)
        if stat.S_ISCHR(status.st_mode) and os.path.samestat(status, os.stat(os.devnull)):
            return b""
        if not stat.S_ISREG(status.st_mode):
            hint = "give the path of a regular file"
            if stat.S_ISFIFO(status.st_mode):
                hint = "save the content in a file: a pipe, such as <(command), cannot be read here"
            raise errors.UnsafeFile(f"{safe(path)} is not a regular file", hint=hint)
        if status.st_uid not in (0, os.geteuid()):
            raise errors.UnsafeFile(f"{safe(path)} belongs to user ID {status.st_uid}, not to you or root")
        if status.st_mode & stat.S_IWOTH:
            raise errors.UnsafeFile(
                f"{safe(path)} can be written by every user", hint=f"run: chmod 600 {safe(path)!r}"
            )
        return read_all(fd, path, limit)
    finally:
        os.close(fd)


def read_private_file(path: str, *, limit: int, closed_to: int = OTHERS) -> bytes:
    """The bytes of a file with a secret: regular, no link, this user's or root's, with none of the bits ``closed_to``
    in its mode.

    Errors: UnsafeFile, StorageError, ConfigError (over ``limit``), FileNotFoundError.
    """
    shown = safe(path)
    try:
        fd = os.open(path, READ | os.O_NOCTTY)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        if isinstance(error, OSError):
            raise translate(error, path) from None
        raise errors.ConfigError(f"{shown} is not a valid path") from None
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise errors.UnsafeFile(f"{shown} is not a regular file")
        if status.st_uid not in (0, os.geteuid()):
            raise errors.UnsafeFile(f"{shown} belongs to user ID {status.st_uid}, not to you or root")
        if status.st_mode & closed_to:
            mode = stat.S_IMODE(status.st_mode)
            own = status.st_uid == os.geteuid()
            hint = f"run: chmod 600 {shown!r}" if own else "it belongs to root: use a file of your own"
            raise errors.UnsafeFile(f"{shown} is open to other users (mode {mode:04o})", hint=hint)
        return read_all(fd, path, limit)
    finally:
        os.close(fd)


def create_users_file(path: str, data: bytes, *, check: Callable[[bytes], None]) -> None:
    """Create a file with mode 0600, complete and on the disk, or none at all.

    ``check`` gets the bytes that are read back, and raises if they are wrong. Errors: FileExistsError, UnsafeFile, StorageError.
    """
    place = os.path.dirname(path) or "."
    name = os.path.basename(path)
    try:
        fd = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise errors.StorageError(
            f"there is no folder {safe(place)}", hint="create it, or use another one"
        ) from None
    except OSError as error:
        raise translate(error, place, followed=True) from None
    folder = Folder(fd, place)  # not awsvault-py's, so not checked: it may be anyone's and open to all
    with folder:
        if os.path.lexists(path):
            raise FileExistsError(path)
        temp = folder.create_temp(name, data, durable=True)
        try:
            check(_read_back(folder, temp, limit=len(data)))
            name_without_replacing(folder, temp, name)
        finally:
            folder.unlink(temp)
        folder.sync()


def _read_back(folder: Folder, name: str, *, limit: int) -> bytes:
    """Read without checking the owner: a stick's file system may make one user the owner of all files."""
    try:
        fd = os.open(name, READ, dir_fd=folder.fd)
    except OSError as error:
        raise translate(error, folder.path_of(name)) from None
    try:
        return read_all(fd, folder.path_of(name), limit)
    finally:
        os.close(fd)


def name_without_replacing(folder: Folder, temp: str, name: str) -> None:
    """Give the temporary file ``temp`` its ``name``. Errors: FileExistsError, StorageError."""
    try:
        os.link(temp, name, src_dir_fd=folder.fd, dst_dir_fd=folder.fd, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            raise translate(error, folder.path_of(name)) from None
        folder.rename(temp, name)  # FAT has no links; no other process uses this name on a stick
