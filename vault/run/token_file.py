"""The token of a credentials server in a file, for programs that read it only from there (Rust's object_store, containers).

Without the file they ask the instance's metadata, and would use another identity on EC2. The file has mode 0600, is in the
folder of the agent's socket, and is removed when the server ends. If the server is killed, the next server removes the file.
"""

from __future__ import annotations

import os
import secrets
import string
from contextlib import suppress

from vault import errors
from vault.run import named_file
from vault.run.named_file import NamedFile
from vault.system.files import Folder, translate
from vault.system.live_files import Kind
from vault.system.locks import LockUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from vault.system.locks import Lock
    from vault.system.paths import Paths

    class Token(Protocol):
        """A file that contains the token."""

        path: str

        def unlink(self) -> None:
            """Remove the file, if possible."""

        def remove(self) -> None:
            """Remove the file, in the process that made it."""


_KIND = Kind("serving-", ".token")
_BYTES = 32
_LENGTH = 43  # of 32 bytes in base64url
_ALPHABET = frozenset(f"{string.ascii_letters}{string.digits}-_".encode("ascii"))
_HINT = "some programs read the server's token from a file there: set XDG_RUNTIME_DIR or AWSVAULT_HOME to a writable folder"


class TokenFile:
    """The file with the token. It exists until ``remove`` is called."""

    def __init__(self, folder: str, name: str, lock: Lock) -> None:
        self._folder = folder
        self._name = name
        self._lock = lock
        self.path = f"{folder}/{name}"

    @classmethod
    def make(cls, paths: Paths, token: str) -> TokenFile:
        """Create a file that contains ``token`` without a line end. Raises StorageError, UnsafeFile."""
        try:
            with Folder.open(paths.run, create=True) as run:
                name, lock = _KIND.make(run)
        except LockUnavailable:
            raise
        except errors.StorageError as error:
            raise errors.StorageError(error.message, hint=_HINT) from None
        made = cls(paths.run, name, lock)
        try:
            os.write(lock.fd, token.encode("ascii"))
        except OSError as error:
            made.remove()
            raise translate(error, made.path) from None
        return made

    def unlink(self) -> None:
        """Remove the file, if possible."""
        with suppress(FileNotFoundError, errors.Error), Folder.open(self._folder) as run:
            run.unlink(self._name)

    def remove(self) -> None:
        """Remove the file and release its lock."""
        self.unlink()
        self._lock.release()


class NamedTokenFile:
    """The token beside a Unix socket, under a name that a container's configuration can have in it.

    It replaces only the token of a server that was killed, and removes only its own: another server may have the name by then.
    """

    def __init__(self, path: str, token: str) -> None:
        self.path = path
        self._file = NamedFile.make(path, token.encode("ascii"), replaces=_is_token)

    def unlink(self) -> None:
        """Remove the file, if possible."""
        self._file.unlink()

    remove = unlink


def new_token() -> str:
    """A new token that clients must send: 256 random bits."""
    return secrets.token_urlsafe(_BYTES)


def make(paths: Paths, token: str, *, beside: str | None) -> Token:
    """A file for ``token``: ``beside`` (a socket's path) with .token, otherwise in the run folder. StorageError, UnsafeFile."""
    return NamedTokenFile(_beside(beside), token) if beside is not None else TokenFile.make(paths, token)


def check(beside: str) -> None:
    """Raise UnsafeFile if the file beside the socket ``beside`` is the user's, so that ``make`` would refuse to replace it."""
    named_file.check(_beside(beside), _LENGTH, replaces=_is_token)


def _beside(path: str) -> str:
    return f"{path}.token"


def _is_token(content: bytes) -> bool:
    return len(content) == _LENGTH and _ALPHABET.issuperset(content)
