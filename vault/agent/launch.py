"""Starts a process of the agent: detached, with one descriptor and its own environment. Has no keys."""

from __future__ import annotations

import os
import sys

from vault.system import children
from vault.system.detach import close_all_but

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def launch(word: str, *, env: Mapping[str, str], descriptor: int) -> bool:
    """Run ``python -m vault WORD DESCRIPTOR``, detached, with ``env`` and that descriptor. False if no process can be
    started.

    The new process inherits nothing else that is open. It is not a child of this process, which need not wait for it to
    end.
    """
    try:
        between = children.fork(lambda: _leave(word, env, descriptor))
    except OSError:
        return False
    os.waitpid(between, 0)
    return True


def _leave(word: str, env: Mapping[str, str], descriptor: int) -> None:
    children.leave_terminal()
    children.fork(lambda: _become(word, env, descriptor))


def _become(word: str, env: Mapping[str, str], descriptor: int) -> None:
    os.set_inheritable(descriptor, True)
    close_all_but(descriptor)
    os.chdir("/")
    # -P: never search the current folder or a script's folder before the installed program
    os.execve(sys.executable, [sys.executable, "-P", "-m", "vault", word, str(descriptor)], dict(env))  # noqa: S606
