"""The mark that ``lock`` makes: while it is in the state folder, nothing opens the vault without the user.

It outlives the agent, which a kill would make forget the lock, and applies to agents at other sockets too.
"""

from __future__ import annotations

from vault import errors
from vault.system.files import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.system.files import Attributes
    from vault.system.paths import Paths

MARK = "locked"


def manually_locked(paths: Paths) -> bool:
    """Whether the user locked the vault and has not unlocked it since. False if the folder cannot be read."""
    return attributes(paths) is not None


def attributes(paths: Paths) -> Attributes | None:
    """The mark's attributes; each ``lock`` makes a new mark. None if there is none, or it cannot be read."""
    try:
        with Folder.open(paths.state) as state:
            return state.attributes(MARK)
    except (FileNotFoundError, errors.Error):
        return None


def mark(paths: Paths) -> None:
    """Make the mark, for ``lock``. Errors: StorageError, UnsafeFile."""
    with Folder.open(paths.state, create=True) as state:
        state.write_atomic(MARK, b"", durable=False)


def unmark(paths: Paths) -> None:
    """Delete the mark, for ``unlock`` after it has opened the vault. Errors: StorageError, UnsafeFile."""
    try:
        with Folder.open(paths.state) as state:
            state.unlink(MARK)
    except FileNotFoundError:
        return
