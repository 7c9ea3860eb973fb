"""The role session name that CloudTrail shows if a profile sets none: the user and the machine."""

from __future__ import annotations

from vault import limits
from vault.system.machine import host_name, user_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def default_session_name(env: Mapping[str, str]) -> str:
    """``user@host`` of this process."""
    return session_name(user_name(env), host_name())


def session_name(user: str, host: str, *, most: int = limits.SESSION_NAME_MOST) -> str:
    """``user@host`` in the characters and the length that STS accepts. If both are long, part of each is kept."""
    who, where = (
        "".join(c if c.isascii() and (c.isalnum() or c in "_+=,.@-") else "-" for c in name)
        for name in (user, host)
    )
    room = most - len("@")
    where = where[: max(room // 2, room - len(who))]
    return f"{who[: room - len(where)]}@{where}"
