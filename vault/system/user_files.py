"""Files of the user's own: AWS's config and tokens to read, a backup on a stick to make.

The other half of files.py, whose folders are ours alone; here a folder may be anybody's. Links in a folder's path are
followed; in a new file's place and in that of a secret none is.
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
    """The bytes of one of the user's own files (AWS's config, a token), links followed; None where there is none.

    It must belong to root or to us and must not be writable by everybody (docs/security.md, hostile config).
    /dev/null stands for an empty file, as people set it. Errors: UnsafeFile, StorageError, ConfigError.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        if isinstance(error, OSError):
            raise translate(error, path, followed=True) from None
        raise errors.ConfigError(f"{safe(path)} cannot be a path") from None
    try:
        status = os.fstat(fd)
        if stat.S_ISCHR(status.st_mode) and os.path.samestat(status, os.stat(os.devnull)):
            return b""
        if not stat.S_ISREG(status.st_mode):
            raise errors.UnsafeFile(f"{safe(path)} is not a regular file")
        if status.st_uid not in (0, os.geteuid()):
            raise errors.UnsafeFile(f"{safe(path)} belongs to user id {status.st_uid}, not to you or root")
        if status.st_mode & stat.S_IWOTH:
            raise errors.UnsafeFile(
                f"{safe(path)} can be written by every user", hint=f"chmod o-w {safe(path)!r}"
            )
        return read_all(fd, path, limit)
    finally:
        os.close(fd)


def read_private_file(path: str, *, limit: int, closed_to: int = OTHERS) -> bytes:
    """The bytes of a file that holds a secret: regular, no link, ours or root's, with no bit of ``closed_to`` set.

    Errors: UnsafeFile, StorageError, ConfigError where it is over ``limit``; FileNotFoundError where there is none.
    """
    shown = safe(path)
    try:
        fd = os.open(path, READ | os.O_NOCTTY)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        if isinstance(error, OSError):
            raise translate(error, path) from None
        raise errors.ConfigError(f"{shown} cannot be a path") from None
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise errors.UnsafeFile(f"{shown} is not a regular file")
        if status.st_uid not in (0, os.geteuid()):
            raise errors.UnsafeFile(f"{shown} belongs to user id {status.st_uid}, not to you or root")
        if status.st_mode & closed_to:
            mode = stat.S_IMODE(status.st_mode)
            raise errors.UnsafeFile(
                f"{shown} is open to other users (mode {mode:04o})", hint=f"chmod 600 {shown!r}"
            )
        return read_all(fd, path, limit)
    finally:
        os.close(fd)


def create_users_file(path: str, data: bytes, *, check: Callable[[bytes], None]) -> None:
    """A new 0600 file, whole and on the disk, or not there at all.

    ``check`` gets the bytes that the disk gives back, and raises where they are not right. Errors: FileExistsError, UnsafeFile, StorageError.
    """
    place = os.path.dirname(path) or "."
    name = os.path.basename(path)
    try:
        fd = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise errors.StorageError(
            f"there is no folder {safe(place)}", hint="make it, or name another"
        ) from None
    except OSError as error:
        raise translate(error, place, followed=True) from None
    folder = Folder(
        fd, place
    )  # not a folder of ours, so not checked as one: it may be anybody's and open to all
    with folder:
        if os.path.lexists(path):
            raise FileExistsError(path)
        temp = folder.create_temp(name, data, durable=True)
        try:
            check(_read_back(folder, temp, limit=len(data)))
            _name_without_replacing(folder, temp, name)
        finally:
            folder.unlink(temp)
        folder.sync()


def _read_back(folder: Folder, name: str, *, limit: int) -> bytes:
    """Without the owner's check: a stick's file system may give all its files to one user, whoever wrote them."""
    try:
        fd = os.open(name, READ, dir_fd=folder.fd)
    except OSError as error:
        raise translate(error, folder.path_of(name)) from None
    try:
        return read_all(fd, folder.path_of(name), limit)
    finally:
        os.close(fd)


def _name_without_replacing(folder: Folder, temp: str, name: str) -> None:
    try:
        os.link(temp, name, src_dir_fd=folder.fd, dst_dir_fd=folder.fd, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            raise translate(error, folder.path_of(name)) from None
        folder.rename(temp, name)  # FAT has no links; nobody races for a name on a stick
