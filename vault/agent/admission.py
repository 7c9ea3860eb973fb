"""Which clients the agent accepts, and which connection it closes if there is no room for another.

Room means a number of connections, and descriptors. A connection that has been silent for a moment makes room for the
clients that wait.
"""

from __future__ import annotations

import errno
import os
import selectors

from vault import limits
from vault.agent import protocol
from vault.system.poll import readable
from vault.warm import uid_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from vault.agent.protocol import AgentRequest, Put
    from vault.agent.state import AgentClock

_NOBODY = (errno.EAGAIN, errno.ECONNABORTED, errno.EINTR)  # there is no client, or it has disconnected


class Connection:
    """One client: what it is sending, when it last sent something, and by when the frame must be complete."""

    __slots__ = ("buffer", "ends", "received", "request", "sending", "since", "sock", "stage", "want")

    def __init__(self, sock: socket.socket, *, now: float) -> None:
        self.sock = sock
        self.stage = "length"  # then "payload", then perhaps "attachment-length" and "attachment"
        self.buffer: memoryview | bytearray = bytearray(protocol.LENGTH)
        self.want = protocol.LENGTH
        self.received = 0
        self.request: AgentRequest | Put | None = None
        self.sending: list[memoryview] = []
        self.since = now
        self.ends = now + limits.AGENT_FRAME_TIME

    def expect(self, stage: str, size: int, buffer: memoryview | bytearray | None = None) -> None:
        """Receive ``size`` bytes next, into ``buffer`` if one is given."""
        self.stage, self.want, self.received = stage, size, 0
        self.buffer = bytearray(size) if buffer is None else buffer

    def begin(self, *, now: float) -> None:
        """The next exchange begins."""
        self.since, self.ends = now, now + limits.AGENT_FRAME_TIME


class Admission:
    """The listener. ``inside``: all connections. ``waiting``: those that wait for a worker. Up to a limit, these do not
    count against the room, and none of them is closed to make room. ``close`` closes a connection.
    """

    def __init__(
        self,
        listener: socket.socket,
        *,
        selector: selectors.BaseSelector,
        clock: AgentClock,
        inside: set[Connection],
        waiting: list[Connection],
        close: Callable[[Connection], None],
    ) -> None:
        self._listener = listener
        self._selector = selector
        self._clock = clock
        self._inside = inside
        self._waiting = waiting
        self._close = close
        self._shut_until = 0.0
        self.listening = False

    def look(self) -> None:
        """Listen again, unless there is still no room."""
        self._listen(on=self._clock.running() >= self._shut_until)

    def freed(self) -> None:
        """Note that there may be room again."""
        self._shut_until = 0.0

    def end(self) -> None:
        """Accept no client any more, and refuse those that the kernel has accepted."""
        self._listen(on=False)
        self._listener.close()

    def wait(self) -> float | None:
        """Seconds until ``look`` may listen again; None while it listens."""
        return None if self.listening else max(0.0, self._shut_until - self._clock.running())

    def _listen(self, *, on: bool) -> None:
        """Accept clients; or, without room, leave them in the kernel's queue and the listener out of the selector,
        which would otherwise spin.
        """
        if on != self.listening:
            if on:
                self._selector.register(self._listener, selectors.EVENT_READ, None)
            else:
                self._selector.unregister(self._listener)
            self.listening = on

    def clients(self) -> Iterator[Connection]:
        """The clients that are accepted now. The caller serves and closes each."""
        while True:
            if not self._room() and not self.make_room():
                return
            try:
                sock, _ = self._listener.accept()
            except OSError as error:
                # Without a free descriptor, the system reports this error even if no client waits.
                if error.errno in _NOBODY or not self._knocks() or not self.make_room():
                    return
                continue
            if not _same_user(sock):  # root is refused too
                sock.close()
                continue
            sock.setblocking(False)
            yield Connection(sock, now=self._clock.running())

    def _room(self) -> bool:
        waiting = min(len(self._waiting), limits.AGENT_WAITING)
        return len(self._inside) - waiting < limits.AGENT_CONNECTIONS

    def _knocks(self) -> bool:
        return bool(readable([self._listener.fileno()], 0))

    def make_room(self) -> bool:
        """Close the connection that has been silent the longest. If none has been silent long enough, accept no client
        until then: False.
        """
        now = self._clock.running()
        inside = sorted(self._inside.difference(self._waiting), key=lambda one: one.since)
        silent = [one for one in inside if now - one.since >= limits.AGENT_SILENT]
        readable_now = readable([one.sock.fileno() for one in silent], 0) if silent else []
        for one in silent:
            if one.sock.fileno() not in readable_now:  # otherwise it sent something while the agent was busy
                self._close(one)
                return True
        again = inside[0].since + limits.AGENT_SILENT if inside else now + limits.AGENT_TICK
        self._shut_until = max(now, again)
        self._listen(on=False)
        return False


def _same_user(sock: socket.socket) -> bool:
    try:
        return uid_of(sock) == os.geteuid()
    except OSError:  # it disconnected before it was checked
        return False
