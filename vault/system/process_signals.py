"""The signals that one awsvault-py process sends to another, by their purpose."""

from __future__ import annotations

import os
import signal

# To a server's keeper: the vault is locked, and the state folder cannot show it. Not a signal that users send to all
# processes of a name.
LOCKED = getattr(signal, "SIGRTMIN", signal.SIGUSR2) + 7 * hasattr(signal, "SIGRTMIN")
KILL = signal.SIGKILL


def send(pid: int, number: int) -> bool:
    """Whether the process got the signal: False if it has ended or is another user's."""
    try:
        os.kill(pid, number)
    except OSError:
        return False
    return True
