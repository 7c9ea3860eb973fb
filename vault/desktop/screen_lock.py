"""Whether the user's screen is locked, by the screen savers of the desktop and by logind. Changes nothing."""

from __future__ import annotations

from vault import limits
from vault.desktop.message_bus import BusGone, CallFailed, MessageBus, session_address, system_address
from vault.system.ownership import user_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

_SAVERS = tuple(
    (name, path, name)
    for name, path in (
        ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"),
        ("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver"),
        ("org.cinnamon.ScreenSaver", "/org/cinnamon/ScreenSaver"),
        ("org.mate.ScreenSaver", "/org/mate/ScreenSaver"),
    )
)
_LOGIND = "org.freedesktop.login1"
_MANAGER = (_LOGIND, "/org/freedesktop/login1", f"{_LOGIND}.Manager")


class ScreenLock:
    """Asks both buses each time. Use as a context manager. A bus that is missing says nothing about the screen."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._session = _bus(session_address(env))
        self._system = _bus(system_address(env))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for bus in (self._session, self._system):
            if bus is not None:
                bus.__exit__()

    def locked(self) -> bool:
        """Whether it is locked. A service that gives no valid answer may be hiding a locked screen, so that counts."""
        return self._says(self._session, _by_saver) or self._says(self._system, _by_logind)

    def _says(self, bus: MessageBus | None, ask: Callable[[MessageBus], bool]) -> bool:
        if bus is None:
            return False
        try:
            return ask(bus)
        except (TimeoutError, TypeError, ValueError):  # no answer, or none of its protocol
            return True
        except (BusGone, CallFailed):
            return False


def _bus(address: str) -> MessageBus | None:
    try:
        return MessageBus(address) if address else None
    except BusGone:
        return None


def _by_saver(bus: MessageBus) -> bool:
    for saver in _SAVERS:
        try:
            if bus.call(saver, "GetActive", seconds=limits.DESKTOP_CALL)[:1] == (True,):
                return True
        except CallFailed:  # it is not there, or is one without this method
            continue
    return False


def _by_logind(bus: MessageBus) -> bool:
    (rows,) = bus.call(_MANAGER, "ListSessions", seconds=limits.DESKTOP_CALL)
    for _, uid, _, _, path in rows:
        if uid == user_id():
            properties = (_LOGIND, path, "org.freedesktop.DBus.Properties")
            asked = ("ss", f"{_LOGIND}.Session", "LockedHint")
            try:
                ((_, hint),) = bus.call(properties, "Get", *asked, seconds=limits.DESKTOP_CALL)
            except CallFailed:  # the session has ended meanwhile
                continue
            if hint:
                return True
    return False
