"""The token of ``exec --server`` in a file, for programs that take it from there alone (Rust's object_store).

Without it they ask the address of an instance's metadata, and on EC2 would be somebody else. The file is 0600 in the
folder of the agent's socket, and goes with the server; one that is left by kills goes when the next server starts.
"""

from __future__ import annotations

import os
from contextlib import suppress

from vault import errors
from vault.system.files import Folder, translate
from vault.system.live_files import Kind
from vault.system.locks import LockUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.system.locks import Lock
    from vault.system.paths import Paths

_KIND = Kind("serving-", ".token")
_HINT = "programs take the server's token from a file there: set XDG_RUNTIME_DIR or AWSVAULT_HOME to a folder that can be written"


class TokenFile:
    """The file, as long as ``remove`` was not called."""

    def __init__(self, folder: str, name: str, lock: Lock) -> None:
        self._folder = folder
        self._name = name
        self._lock = lock
        self.path = f"{folder}/{name}"

    @classmethod
    def make(cls, paths: Paths, token: str) -> TokenFile:
        """A file with ``token`` in it, and no line end. Errors: StorageError, UnsafeFile."""
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
        """Take it away, if that can be done."""
        with suppress(FileNotFoundError, errors.Error), Folder.open(self._folder) as run:
            run.unlink(self._name)

    def remove(self) -> None:
        """The same, by the process that holds it."""
        self.unlink()
        self._lock.release()
