"""The mark of a lock made by hand: while it lies in the state folder, nothing opens the vault by itself.

It outlives the agent, whose memory of it would end with a kill, and holds for agents at other sockets too.
"""

from __future__ import annotations

from vault import errors
from vault.system.files import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.system.files import Attributes
    from vault.system.paths import Paths

MARK = "locked"


def locked_by_hand(paths: Paths) -> bool:
    """Whether a person locked the vault and nobody has unlocked it since. A folder that cannot be read counts as no."""
    return seen(paths) is not None


def seen(paths: Paths) -> Attributes | None:
    """The mark as it lies there; each ``lock`` makes another one. None where there is none, or none can be read."""
    try:
        with Folder.open(paths.state) as state:
            return state.attributes(MARK)
    except (FileNotFoundError, errors.Error):
        return None


def mark(paths: Paths) -> None:
    """``lock``. Errors: StorageError, UnsafeFile."""
    with Folder.open(paths.state, create=True) as state:
        state.write_atomic(MARK, b"", durable=False)


def unmark(paths: Paths) -> None:
    """``unlock``, once it has opened the vault. Errors: StorageError, UnsafeFile."""
    try:
        with Folder.open(paths.state) as state:
            state.unlink(MARK)
    except FileNotFoundError:
        return
