"""A file under a name that the user chose. It never replaces a file of the user's, and only its own content is removed.

Another process may have the same name for its file by then. So each change is made under a lock of the folder, and the content
decides whose file it is: a new file can get the inode number of an old one.
"""

from __future__ import annotations

import os

from vault import errors, limits
from vault.system.clock import Deadline
from vault.system.files import Folder
from vault.system.locks import lock_folder
from vault.system.user_files import name_without_replacing, read_users_file
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class NamedFile:
    """The file ``path`` with ``data``, which no other file has, until ``unlink``."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self._data = data

    @classmethod
    def make(cls, path: str, data: bytes, *, replaces: Callable[[bytes], bool]) -> NamedFile:
        """Create it with mode 0600. ``replaces``: whether a file with this content is what a killed process left.

        Any other file stays. Errors: UnsafeFile, StorageError, FileNotFoundError (the folder is missing).
        """
        where, name = os.path.split(path)
        with Folder.open(where) as folder, lock_folder(folder, deadline=_soon()):
            folder.sweep(name)
            left = _left(folder, name, len(data), replaces)
            temp = folder.create_temp(name, data, durable=False)
            try:
                if left:
                    folder.unlink(name)
                name_without_replacing(folder, temp, name)
            except FileExistsError:
                raise _kept(path) from None
            finally:
                folder.unlink(temp)
        return cls(path, data)

    def unlink(self) -> None:
        """Remove the file if it is still this one, and if possible. The user may have changed its mode."""
        where, name = os.path.split(self.path)
        try:
            with Folder.open(where) as folder, lock_folder(folder, deadline=_soon()):
                if read_users_file(self.path, limit=len(self._data)) == self._data:
                    folder.unlink(name)
        except (FileNotFoundError, errors.Error):
            return


def check(path: str, size: int, *, replaces: Callable[[bytes], bool]) -> None:
    """Raise UnsafeFile if ``NamedFile.make`` with ``size`` bytes would. A folder that is missing or unsafe: its errors."""
    where, name = os.path.split(path)
    with Folder.open(where) as folder:
        _left(folder, name, size, replaces)


def _left(folder: Folder, name: str, size: int, replaces: Callable[[bytes], bool]) -> bool:
    """Whether a file is there that may be replaced. UnsafeFile if anything else is there."""
    try:
        found = folder.read(name, limit=size)
    except FileNotFoundError:
        return False
    except errors.Error:
        raise _kept(folder.path_of(name)) from None
    if not replaces(found):
        raise _kept(folder.path_of(name))
    return True


def _kept(path: str) -> errors.UnsafeFile:
    return errors.UnsafeFile(
        f"{safe(path)} exists, and is not a file that awsvault-py may replace",
        hint="move it to another place, or use another path",
    )


def _soon() -> Deadline:
    return Deadline.after(limits.SERVER_END_WAIT)
