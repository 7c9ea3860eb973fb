"""The only place that opens awsvault-py's own files: folders by descriptor, files by name in one (user_files: the user's).

No function here follows a link in the place of such a file, and none leaves a file half-written: a file appears by
rename or not at all (docs/security.md, files).
"""

from __future__ import annotations

import errno
import os
import stat
import sys

from vault import errors
from vault.records import NamedTuple
from vault.text import safe

READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a FIFO must not block this process
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
OTHERS = 0o077
_HEX = frozenset("0123456789abcdef")
_RANDOM = 16  # characters of hex in a temporary name


class Attributes(NamedTuple):
    """What fstat says about a file: size in bytes, time in nanoseconds."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    links: int


def translate(error: OSError, path: str, *, followed: bool = False) -> errors.Error:
    """The error that tells the user what an OSError on ``path`` means. ``followed``: links were followed."""
    shown = safe(path)
    if (none_left := errors.no_handles(error)) is not None:
        return errors.StorageError(f"{shown}: {none_left.message}", hint=none_left.hint)
    match error.errno:
        case errno.ELOOP if followed:
            return errors.UnsafeFile(f"{shown}: a loop of links")
        case errno.ELOOP | errno.EMLINK:
            return errors.UnsafeFile(f"{shown} is a link; links are not followed here")
        case errno.ENOTDIR:
            return errors.UnsafeFile(f"{shown}: part of this path is a link or not a folder")
        case errno.ENOSPC | errno.EDQUOT:
            return errors.StorageError(f"{shown}: no space left on the disk; nothing was changed")
        case errno.EROFS:
            return errors.StorageError(f"{shown}: the file system is read-only; nothing was changed")
        case errno.EACCES | errno.EPERM:
            return errors.StorageError(
                f"{shown}: permission denied", hint=f"check the owner and mode: ls -ld {shown!r}"
            )
        case _:
            return errors.StorageError(f"{shown}: {os.strerror(error.errno or errno.EIO)}")


def _check(status: os.stat_result, path: str, *, folder: bool) -> None:
    """Refuse a file that is not this user's, is not of the right type, or is open to other users."""
    shown = safe(path)
    if folder != stat.S_ISDIR(status.st_mode) or not (folder or stat.S_ISREG(status.st_mode)):
        raise errors.UnsafeFile(f"{shown} is not a {'folder' if folder else 'regular file'}")
    if status.st_uid != os.geteuid():
        raise errors.UnsafeFile(f"{shown} belongs to user ID {status.st_uid}, not to you ({os.geteuid()})")
    if status.st_mode & OTHERS:
        hint = f"if nobody else has used it: chmod {0o700 if folder else 0o600:o} {shown!r}"
        if status.st_mode & stat.S_ISVTX:  # /tmp, if root asks
            hint = "use a folder of your own: all users share this one"
        raise errors.UnsafeFile(
            f"{shown} is open to other users (mode {stat.S_IMODE(status.st_mode):04o})", hint=hint
        )


def _make(path: str, *, parent_only: bool = False) -> None:
    """Make ``path`` and its missing parents, each with mode 0700 under any umask.

    A parent that root makes in a user's home (``sudo`` with that HOME) gets the user as owner, because all programs
    share ~/.local.
    """
    parent = os.path.dirname(path)
    if parent and not os.path.isdir(parent):
        _make(parent, parent_only=True)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        return
    os.chmod(path, 0o700)
    if parent_only and os.geteuid() == 0:
        owner = os.stat(parent or ".")
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


class Folder:
    """An open folder of awsvault-py's. Every call uses its descriptor, so replacing the folder meanwhile has no effect.

    Names are single path components, never user input. Errors are UnsafeFile and StorageError; FileNotFoundError if missing.
    """

    __slots__ = ("fd", "path")

    def __init__(self, fd: int, path: str) -> None:
        self.fd = fd
        self.path = path

    @classmethod
    def open(cls, path: str, *, create: bool = False, make_private: bool = False) -> Folder:
        """Open the folder. ``create`` makes it if it does not exist. It must be this user's and closed to other users.

        ``make_private`` closes a folder that is open to others. It is for the session cache, where no file that another
        user may have put there would open.
        """
        try:
            if create:
                _make(path)
            fd = os.open(path, _FOLDER)
        except FileNotFoundError:
            raise
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ELOOP) and os.path.islink(path):
                raise errors.UnsafeFile(f"{safe(path)} is a link; links are not followed here") from None
            raise translate(error, path) from None
        try:
            status = os.fstat(fd)
            if make_private and status.st_uid == os.geteuid() and status.st_mode & OTHERS:
                os.fchmod(fd, 0o700)
                status = os.fstat(fd)
            _check(status, path, folder=True)
        except BaseException:
            os.close(fd)
            raise
        return cls(fd, path)

    @classmethod
    def of_user(cls, path: str, *, create: bool = False) -> Folder:
        """A folder of the user's that others may read (~/.aws), following links to it. It must be this user's.

        FileNotFoundError if it does not exist. One that is created here is closed to others.
        """
        try:
            if create:
                _make(path)
            fd = os.open(path, _FOLDER & ~os.O_NOFOLLOW)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise translate(error, path, followed=True) from None
        if os.fstat(fd).st_uid != os.geteuid():
            os.close(fd)
            raise errors.UnsafeFile(f"{safe(path)} does not belong to you")
        return cls(fd, path)

    def __enter__(self) -> Folder:  # noqa: PYI034  # typing is not imported here
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the descriptor; a second call does nothing."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def path_of(self, name: str) -> str:
        """The full path, for messages only."""
        return f"{self.path}/{name}"

    def open_file(self, name: str, flags: int = READ) -> int:
        """A descriptor of an existing file, after the checks. The caller closes it."""
        try:
            fd = os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self.fd)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise translate(error, self.path_of(name)) from None
        try:
            _check(os.fstat(fd), self.path_of(name), folder=False)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def read(self, name: str, *, limit: int) -> bytes:
        """The whole file, which may have at most ``limit`` bytes (checked before reading)."""
        fd = self.open_file(name)
        try:
            return read_all(fd, self.path_of(name), limit)
        finally:
            os.close(fd)

    def attributes(self, name: str) -> Attributes:
        """Size, times and identity of a file, or of a link itself."""
        try:
            s = os.stat(name, dir_fd=self.fd, follow_symlinks=False)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise translate(error, self.path_of(name)) from None
        return Attributes(s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_nlink)

    def names(self) -> list[str]:
        """The names in the folder, in no order."""
        try:
            return os.listdir(self.fd)
        except OSError as error:
            raise translate(error, self.path) from None

    def create_temp(self, prefix: str, data: bytes, *, durable: bool) -> str:
        """Write ``data`` to a new file ``.PREFIX.<random>`` with mode 0600, and return its name. Removed if that fails."""
        name = temp_name(prefix)
        try:
            fd = os.open(name, _CREATE, 0o600, dir_fd=self.fd)
        except OSError as error:
            raise translate(error, self.path_of(name)) from None
        try:
            os.fchmod(fd, 0o600)  # an unusual umask has removed bits
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
            if durable:
                sync(fd)
        except BaseException as error:
            os.close(fd)
            self._discard(name)
            if isinstance(error, OSError):
                raise translate(error, self.path_of(name)) from None
            raise
        os.close(fd)
        return name

    def append(self, name: str, data: bytes) -> None:
        """Append ``data`` to a file in one write; the file is created if missing. Errors: StorageError, UnsafeFile."""
        try:
            fd = os.open(name, _APPEND, 0o600, dir_fd=self.fd)
            try:
                if os.fstat(fd).st_size == 0:
                    os.fchmod(fd, 0o600)  # just created, perhaps with an unusual umask
                _check(os.fstat(fd), self.path_of(name), folder=False)
                if os.write(fd, data) != len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            finally:
                os.close(fd)
        except OSError as error:
            raise translate(error, self.path_of(name)) from None

    def write_atomic(self, name: str, data: bytes, *, durable: bool, mtime: int | None = None) -> None:
        """Replace ``name`` by ``data`` in one step. ``durable`` waits for the disk; ``mtime`` is in Unix seconds."""
        temp = self.create_temp(name, data, durable=durable)
        try:
            if mtime is not None:
                os.utime(temp, (mtime, mtime), dir_fd=self.fd, follow_symlinks=False)
            self.rename(temp, name)
        except BaseException as error:
            self._discard(temp)
            if isinstance(error, OSError):
                raise translate(error, self.path_of(name)) from None
            raise
        if durable:
            self.sync()

    def rename(self, old: str, new: str) -> None:
        """Move ``old`` over ``new`` in this folder."""
        try:
            os.rename(old, new, src_dir_fd=self.fd, dst_dir_fd=self.fd)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise translate(error, self.path_of(new)) from None

    def link(self, old: str, new: str) -> None:
        """Give ``old`` the second name ``new``, which must not exist."""
        try:
            os.link(old, new, src_dir_fd=self.fd, dst_dir_fd=self.fd, follow_symlinks=False)
        except (FileNotFoundError, FileExistsError):
            raise
        except OSError as error:
            raise translate(error, self.path_of(new)) from None

    def unlink(self, name: str) -> None:
        """Remove ``name``, if it exists."""
        try:
            os.unlink(name, dir_fd=self.fd)
        except FileNotFoundError:
            return
        except OSError as error:
            raise translate(error, self.path_of(name)) from None

    def sync(self) -> None:
        """Wait until renames and links in this folder are on the disk. An error says that they were made all the same."""
        try:
            sync(self.fd)
        except OSError as error:
            why = os.strerror(error.errno or errno.EIO)
            raise errors.StorageError(
                f"{safe(self.path)}: {why}; the change was made, but may not be on the disk yet",
                hint="check the disk, then run the command again",
            ) from None

    def sweep(self, prefix: str) -> None:
        """Remove temporary files that a killed writer of ``PREFIX`` left. The caller holds the lock, so none is in use."""
        start = f".{prefix}."
        for name in self.names():
            random = name[len(start) :]
            if name.startswith(start) and len(random) == _RANDOM and set(random) <= _HEX:
                self.unlink(name)

    def _discard(self, name: str) -> None:
        """Remove ``name`` during the handling of an error, which a second error must not hide."""
        try:
            os.unlink(name, dir_fd=self.fd)
        except OSError:
            return


def temp_name(prefix: str) -> str:
    """A new name for a temporary file, which ``Folder.sweep`` recognizes."""
    return f".{prefix}.{os.urandom(_RANDOM // 2).hex()}"


def sync(fd: int) -> None:
    """Wait until the file is on the disk. On macOS, fsync only reaches the drive's cache; F_FULLFSYNC reaches the disk."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    else:
        os.fsync(fd)


def read_all(fd: int, path: str, limit: int) -> bytes:
    size = os.fstat(fd).st_size
    if size > limit:
        raise errors.ConfigError(
            f"{safe(path)} has {size} bytes, over the limit of {limit}", hint="replace it with a good copy"
        )
    pieces = []
    left = limit + 1  # one more than allowed shows that the file grew while it was read
    try:
        while left > 0 and (piece := os.read(fd, min(left, 1 << 20))):
            pieces.append(piece)
            left -= len(piece)
    except OSError as error:
        raise translate(error, path) from None
    if left <= 0:
        raise errors.ConfigError(f"{safe(path)} grew over the limit of {limit} bytes while it was read")
    return b"".join(pieces)
