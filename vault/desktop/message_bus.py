"""A connection to a D-Bus message bus: calls with a time limit, and signals of one sender. The library is imported here."""

from __future__ import annotations

import os
from collections import deque

from vault import limits
from vault.system import machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Self

_BUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")


class BusGone(Exception):
    """There is no bus, or the connection to it ended."""


class CallFailed(Exception):
    """The bus or the called service answered with an error. The text is the error's name."""


class Signal:
    """A signal: its interface, its name, and its values."""

    __slots__ = ("interface", "name", "values")

    def __init__(self, interface: str, name: str, values: tuple[Any, ...]) -> None:
        self.interface = interface
        self.name = name
        self.values = values


def session_address(env: Mapping[str, str]) -> str:
    """The address of the session bus; empty if there is none."""
    return env.get("DBUS_SESSION_BUS_ADDRESS", "")


def system_address(env: Mapping[str, str]) -> str:
    """The address of the system bus; empty if there is none."""
    return env.get("DBUS_SYSTEM_BUS_ADDRESS", "") or (
        f"unix:path={machine.SYSTEM_BUS}" if os.path.exists(machine.SYSTEM_BUS) else ""
    )


class MessageBus:
    """One connection. Use as a context manager."""

    def __init__(self, address: str) -> None:
        self._heard: deque[Any] = deque()
        try:
            self._connection: Any = _connected(address)
        except Exception as error:  # noqa: BLE001  # no address, nobody listens, no library, another protocol: no bus
            raise BusGone(type(error).__name__) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def call(
        self,
        to: tuple[str, str, str],
        method: str,
        signature: str = "",
        *values: Any,
        seconds: float,
        start: bool = False,
    ) -> tuple[Any, ...]:
        """Call a method of ``to`` (name, path, interface). ``start``: the bus may start the service.

        Errors: BusGone; CallFailed; TimeoutError.
        """
        from jeepney import DBusAddress, MessageFlag, MessageType, new_method_call

        name, path, interface = to
        message = new_method_call(DBusAddress(path, name, interface), method, signature or None, values)
        if not start:
            message.header.flags |= MessageFlag.no_auto_start
        try:
            answer = self._connection.send_and_get_reply(message, timeout=max(0.0, seconds))
        except TimeoutError:
            raise
        except Exception as error:  # noqa: BLE001  # the bus ended, or sent what is no message
            raise BusGone(type(error).__name__) from None
        if answer.header.message_type is MessageType.error:
            raise CallFailed(_error_name(answer))
        return tuple(answer.body)

    def owner(self, name: str, *, seconds: float) -> str:
        """The unique name of the connection that has ``name``. Errors: those of ``call``."""
        return str(self.call(_BUS, "GetNameOwner", "s", name, seconds=seconds)[0])

    def identity(self, *, seconds: float) -> str:
        """What tells this bus from every other, also from an earlier one at its address. Errors: those of ``call``."""
        return str(self.call(_BUS, "GetId", seconds=seconds)[0])

    def listen(self, *, sender: str, interface: str, seconds: float) -> None:
        """Collect the signals of ``interface`` that ``sender`` (a unique name) sends. Errors: those of ``call``."""
        self._match(sender, interface, "", seconds=seconds)

    def listen_for_owner(self, name: str, *, seconds: float) -> None:
        """Collect the bus's signal that ``name`` gets another owner. Errors: those of ``call``."""
        self._match(_BUS[0], _BUS[2], name, seconds=seconds)

    def _match(self, sender: str, interface: str, first: str, *, seconds: float) -> None:
        from jeepney import MatchRule

        rule = MatchRule(type="signal", sender=sender, interface=interface)
        if first:
            rule.add_arg_condition(0, first)
        self.call(_BUS, "AddMatch", "s", rule.serialise(), seconds=seconds)
        # A program may also send signals to this connection alone. The bus sets the sender, so none can pretend to be another.
        self._connection.filter(
            MatchRule(type="signal", sender=sender, interface=interface), queue=self._heard
        )

    def next_signal(self, *, seconds: float) -> Signal | None:
        """The next collected signal; None if none comes in time. Errors: BusGone."""
        from jeepney import HeaderFields

        try:
            message = self._connection.recv_until_filtered(self._heard, timeout=max(0.0, seconds))
        except TimeoutError:
            return None
        except Exception as error:  # noqa: BLE001  # the bus ended, or sent what is no message
            raise BusGone(type(error).__name__) from None
        fields = message.header.fields
        return Signal(
            str(fields.get(HeaderFields.interface)), str(fields.get(HeaderFields.member)), tuple(message.body)
        )

    def tell(self, to: tuple[str, str, str], method: str, signature: str, *values: Any) -> None:
        """Call a method without waiting for an answer. A bus that ended is no error."""
        from jeepney import DBusAddress, MessageFlag, new_method_call

        name, path, interface = to
        message = new_method_call(DBusAddress(path, name, interface), method, signature, values)
        message.header.flags |= MessageFlag.no_auto_start | MessageFlag.no_reply_expected
        try:
            self._connection.send(message)
        except OSError:
            return


def _connected(address: str) -> Any:
    from jeepney.bus import get_bus
    from jeepney.io.blocking import DBusConnection, prep_socket

    class Bounded(DBusConnection):  # type: ignore[misc]  # the library has no types
        """The library greets the bus without a time limit."""

        def receive(self, *, timeout: float | None = None) -> Any:
            return super().receive(timeout=limits.DESKTOP_CALL if timeout is None else timeout)

    sock = prep_socket(get_bus(address), timeout=limits.DESKTOP_CALL)
    try:
        return Bounded(sock)
    except BaseException:
        sock.close()
        raise


def _error_name(answer: Any) -> str:
    from jeepney import HeaderFields

    return str(answer.header.fields.get(HeaderFields.error_name, ""))
