"""The command that users and tools run: the native front (vault/front) with this program beside it, or this program itself."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

FRONT = "awsvault-py"
FULL = "awsvault-py-full"  # what the native front runs for everything that it leaves to the full program


def native(argv0: str | None = None) -> str | None:
    """The path of the native front; None if the command is the Python front. ``argv0`` stands for that of this process."""
    folder, name = os.path.split(os.path.abspath(sys.argv[0] if argv0 is None else argv0))
    return os.path.join(folder, FRONT) if name == FULL else None


def command_path(env: Mapping[str, str], *, argv0: str | None = None) -> str:
    """The absolute path of the command that the user ran.

    The native front passes on its own path with links resolved. A link to it on PATH counts instead, because installers move its
    target.
    """
    front = native(argv0)
    if front is None:
        return os.path.abspath(sys.argv[0] if argv0 is None else argv0)
    for folder in env.get("PATH", "").split(os.pathsep):
        found = os.path.join(os.path.abspath(folder), FRONT)
        if os.access(found, os.X_OK) and os.path.exists(front) and os.path.samefile(found, front):
            return found
    return front
