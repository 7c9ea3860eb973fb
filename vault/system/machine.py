"""The name of this machine and of its user, the place of its system bus, and the marks of a container."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")  # files of Docker, and of Podman
SYSTEM_BUS = "/run/dbus/system_bus_socket"  # D-Bus's default


def host_name() -> str:
    """The name that the system gives this machine, with or without a domain."""
    return os.uname().nodename


def user_name(env: Mapping[str, str]) -> str:
    """The user's name from the environment, otherwise by the user ID."""
    return env.get("USER") or env.get("LOGNAME") or f"uid{os.getuid()}"
