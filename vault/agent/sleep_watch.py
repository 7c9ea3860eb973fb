"""A small process beside the agent that listens to logind, and tells the agent when the machine sleeps or is locked.

It has no key and no session, and D-Bus's library is loaded only here. It ends with the agent, which holds the other end
of its pipe. Without a system bus it ends at once; the agent then notices sleep by its clocks.
"""

from __future__ import annotations

import os
import sys
from collections import deque

from vault import limits
from vault.agent.client import Agent
from vault.agent.launch import launch
from vault.agent.start import WATCH
from vault.system.machine import SYSTEM_BUS
from vault.system.paths import from_env
from vault.system.poll import readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

_LOGIND = "org.freedesktop.login1"
_SIGNALS = (("Manager", "PrepareForSleep"), ("Session", "Lock"))
_MANAGER = "/org/freedesktop/login1"


def start(env: Mapping[str, str]) -> int | None:
    """Start the watcher, before the agent has keys. Returns the descriptor that ends it when closed, or None."""
    if not sys.platform.startswith("linux") or not sys.executable:
        return None
    if "DBUS_SYSTEM_BUS_ADDRESS" not in env and not os.path.exists(SYSTEM_BUS):
        return None
    try:
        reading, writing = os.pipe()
    except OSError:
        return None
    started = launch(WATCH, env=env, descriptor=reading)
    os.close(reading)
    if not started:
        os.close(writing)
        return None
    return writing


def process(arguments: Sequence[str]) -> int:
    """Run the watcher. ``arguments``: the descriptor that closes when the agent ends."""
    end = int(arguments[0])
    try:
        from jeepney.io.blocking import open_dbus_connection

        bus = open_dbus_connection(bus="SYSTEM")
        heard = _filtered(bus)
        _listen(bus)
    except Exception:  # noqa: BLE001  # no bus, no logind, or another library: only the clocks are left
        return 0
    socket = from_env(os.environ).socket
    for _ in _locks(bus, heard, end=end):
        agent = Agent.reach(socket, answer=limits.AGENT_TALK)
        if agent is not None:
            agent.ask("SLEEP")
            agent.close()
    return 0


def _filtered(bus: Any) -> deque[Any]:
    """Where the signals arrive, even while it waits for a reply."""
    from jeepney import MatchRule

    heard: deque[Any] = deque()
    for interface, member in _SIGNALS:
        bus.filter(MatchRule(type="signal", interface=f"{_LOGIND}.{interface}", member=member), queue=heard)
    return heard


def _listen(bus: Any) -> None:
    """Listen only to logind's own signals: the bus gives its name to root alone. (In a message the sender has another name.)"""
    from jeepney import MatchRule, message_bus

    for interface, member in _SIGNALS:
        rule = MatchRule(type="signal", sender=_LOGIND, interface=f"{_LOGIND}.{interface}", member=member)
        bus.send_and_get_reply(message_bus.AddMatch(rule), timeout=limits.AGENT_TALK)


def _locks(bus: Any, heard: deque[Any], *, end: int) -> Iterator[None]:
    """Yields once for each signal that means a lock, until ``end`` closes or the bus disappears."""
    while True:
        while not heard:
            try:
                bus.recv_messages(timeout=0)  # first, what arrived with the last signal
            except TimeoutError:
                if end in readable([end, bus.sock.fileno()], None):
                    return
            except Exception:  # noqa: BLE001  # the bus disappeared
                return
        if _means_lock(bus, heard.popleft()):
            yield


def _means_lock(bus: Any, message: Any) -> bool:
    """Whether a signal says that the machine is about to sleep, or that a login session of this user was locked."""
    from jeepney import HeaderFields

    fields = message.header.fields
    member = fields.get(HeaderFields.member)
    if fields.get(HeaderFields.interface) == f"{_LOGIND}.Manager" and member == "PrepareForSleep":
        return bool(message.body and message.body[0])
    if fields.get(HeaderFields.interface) == f"{_LOGIND}.Session" and member == "Lock":
        own = _own_sessions(bus)
        return own is None or fields.get(HeaderFields.path) in own
    return False


def _own_sessions(bus: Any) -> set[str] | None:
    """The paths of this user's login sessions; None if logind does not tell."""
    from jeepney import DBusAddress, new_method_call

    asked = new_method_call(DBusAddress(_MANAGER, _LOGIND, f"{_LOGIND}.Manager"), "ListSessions")
    try:
        (rows,) = bus.send_and_get_reply(asked, timeout=limits.AGENT_TALK).body
    except Exception:  # noqa: BLE001  # it may be this user's: lock once too often rather than too rarely
        return None
    return {path for _, uid, _, _, path in rows if uid == os.getuid()}
