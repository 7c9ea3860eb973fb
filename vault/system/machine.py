"""What this machine is called."""

from __future__ import annotations

import os


def host_name() -> str:
    """The name that the system gives this machine, with or without a domain."""
    return os.uname().nodename
