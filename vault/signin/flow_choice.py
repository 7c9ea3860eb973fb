"""Which way to sign in: a browser on this machine, or a code that the user types into any browser. Pure but for two marks."""

from __future__ import annotations

import os

from vault.system.machine import CONTAINER_MARKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def reason_for_device(
    env: Mapping[str, str], *, opens: bool, marks: tuple[str, ...] = CONTAINER_MARKS
) -> str | None:
    """Why a browser could not come back to this machine, or None if it can. ``opens``: whether there is a browser's command."""
    if env.get("SSH_CONNECTION") or env.get("SSH_TTY"):
        return "this is an SSH session"
    if env.get("WSL_DISTRO_NAME") or env.get("WSL_INTEROP"):
        return "this is WSL"
    if env.get("container") or env.get("KUBERNETES_SERVICE_HOST") or any(map(os.path.exists, marks)):
        return "this is a container"
    return None if opens else "no browser can be opened here"
