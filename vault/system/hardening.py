"""Protects this process's memory from other processes of the same user, by means of the kernel. Called before it has
keys.

Only cheap measures: no core file, and no ptrace or /proc/PID/mem by processes of the same user.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38


def no_core() -> None:
    """Disable core files of this process. The hard limit stays, so that a command that it starts can raise its own
    limit again.
    """
    import resource

    try:
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    except (OSError, ValueError):  # a sandbox may forbid it: continue without
        return


def not_dumpable() -> bool:
    """Whether the kernel now refuses ptrace and /proc/PID/mem to processes of the same user. Linux only.

    A warm export does without: it never has a long-lived key.
    """
    return sys.platform.startswith("linux") and _prctl(_PR_SET_DUMPABLE, 0)


def _prctl(option: int, value: int) -> bool:
    """prctl(2), by cffi, which cryptography loads anyway; ctypes would take 3 ms more. Whether it succeeded."""
    if "ctypes" not in sys.modules:  # as the agent has it
        try:
            import _cffi_backend  # type: ignore[import-untyped]

            number, word = (_cffi_backend.new_primitive_type(name) for name in ("int", "unsigned long"))
            kind = _cffi_backend.new_function_type((number, word, word, word, word), number)
            call: Any = _cffi_backend.load_library(None, 0).load_function(kind, "prctl")
            return bool(call(option, value, 0, 0, 0) == 0)
        except Exception:  # noqa: BLE001, S110  # another version of a module that is not public: ctypes does the same
            pass
    import ctypes

    try:
        return bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False


def before_keys() -> None:
    """Apply both measures to a process that is about to have keys of the vault."""
    no_core()
    not_dumpable()


def end_with_parent(parent: int) -> None:
    """For a fork that has keys, or a window that asks for this process: the kernel ends it with the thread that forked it, in
    process ``parent``. Linux only.

    Ends this process if the parent has ended already.
    """
    if not sys.platform.startswith("linux"):
        return
    import _signal  # type: ignore[import-not-found]  # importing signal takes as long as the ciphers of a disk hit

    if _prctl(_PR_SET_PDEATHSIG, int(_signal.SIGKILL)) and os.getppid() != parent:
        os._exit(1)


def no_new_privileges() -> None:
    """For the agent: no core file even if a limit is raised later, and no program that it starts gains privileges (prctl(2))."""
    import resource
    from contextlib import suppress

    with suppress(OSError, ValueError):  # a sandbox may forbid it
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not sys.platform.startswith("linux"):
        return
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
