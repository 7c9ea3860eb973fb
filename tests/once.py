"""What tests compile: once in a run, for all of its workers."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = tempfile.mkdtemp(
    prefix="once"
)  # the workers are forks of the process that imports this (tests/workers.py)
_OWNER = os.getpid()


def made(name: str, make: Callable[[str], object]) -> str:
    """The folder ``name``, which ``make`` has filled for the first worker that asked for it."""
    folder = os.path.join(FOLDER, name)
    with open(f"{folder}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(folder):
            os.mkdir(folder)
            try:
                make(folder)
            except BaseException:
                shutil.rmtree(folder)
                raise
    return folder


def end() -> None:
    """Remove everything; in a fork, nothing."""
    if os.getpid() == _OWNER:
        shutil.rmtree(FOLDER, ignore_errors=True)


atexit.register(end)  # for what is no run of pytest
