"""What this machine is called, and the user who is on it."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def host_name() -> str:
    """The name that the system gives this machine, with or without a domain."""
    return os.uname().nodename


def user_name(env: Mapping[str, str]) -> str:
    """The user's name by the environment, else by the user id."""
    return env.get("USER") or env.get("LOGNAME") or f"uid{os.getuid()}"
