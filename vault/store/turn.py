"""Turns at what only one process at a time should use: Argon2's memory, the TPM."""

from __future__ import annotations

from contextlib import contextmanager

from vault import errors
from vault.system import locks
from vault.system.files import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from vault.system.clock import Deadline
    from vault.system.paths import Paths

KDF_LOCK = "kdf.lock"
TPM_LOCK = "tpm.lock"


def turn_at(name: str, paths: Paths, deadline: Deadline) -> Callable[[], AbstractContextManager[object]]:
    """Wait for a turn at ``name``, up to the deadline (Busy). Without locks there are no turns."""

    @contextmanager
    def turn() -> Iterator[None]:
        try:
            with Folder.open(paths.state, create=True) as folder:
                held = locks.lock(folder, name, deadline=deadline)
        except (locks.Busy, errors.UnsafeFile):
            raise
        except errors.StorageError:
            held = None  # the state folder is read-only or does not support locks: only speed or memory is at risk
        try:
            yield
        finally:
            if held is not None:
                held.release()

    return turn
