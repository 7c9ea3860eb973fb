"""What a fork of the agent does: it answers one client, over the client's own connection, until that has had enough.

Over a pipe it tells the agent when it works and when it only waits, for a code or for the client; the pipe's end is its own.
"""

from __future__ import annotations

import os
import signal

from vault import limits
from vault.agent import protocol
from vault.agent.protocol import AgentRequest, BadFrame
from vault.system import hardening
from vault.warm import all_open

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    # What answers: from a request, and a way to say something before the answer, to the answer's frame.
    Desk = Callable[[AgentRequest, Callable[[bytes], None]], bytes]

OPS = frozenset({"HAS_ENTRY", "LIST", "GET_ENTRY", "TOTP", "NOTE_CODE"})
WORKS, WAITS = b"+", b"-"


def become(
    sock: socket.socket, request: AgentRequest, *, derive: Callable[[], Desk], tell: int, agent: int
) -> None:
    """In the fork of process ``agent``: answer, and end. Its memory ends with it; ``tell`` is the pipe."""
    try:
        hardening.end_with_parent(agent)  # a killed agent leaves nobody behind who has its keys
        signal.alarm(limits.AGENT_CHILD_TIME)
        for low, high in _gaps(3, all_open(), sock.fileno(), tell):
            os.closerange(low, high)  # the agent's lock and socket must not outlive it in here
        desk = derive()

        def say(frame: bytes) -> None:
            os.write(tell, WAITS)  # nothing is said but that a code's time has not come
            sock.sendall(frame)

        while True:
            sock.settimeout(None)
            sock.sendall(desk(request, say))
            os.write(tell, WAITS)
            sock.settimeout(limits.AGENT_DESK_IDLE)  # others wait for a fork; the client may come again
            following = protocol.parse(_read(sock, protocol.length(_read(sock, protocol.LENGTH))))
            if not isinstance(following, AgentRequest) or following.op not in OPS:
                break
            os.write(tell, WORKS)
            request = following
    except BaseException:  # noqa: BLE001  # nobody is there to tell: the client sees the end of the connection
        os._exit(1)
    os._exit(0)


def _read(sock: socket.socket, size: int) -> bytes:
    """Exactly ``size`` bytes; BadFrame where the other end stops before."""
    got = b""
    while len(got) < size:
        piece = sock.recv(size - len(got))
        if not piece:
            raise BadFrame
        got += piece
    return got


def _gaps(low: int, high: int, *keep: int) -> list[tuple[int, int]]:
    """The ranges of [low, high) without the numbers to keep."""
    edges = sorted(keep)
    starts = [low, *(k + 1 for k in edges)]
    return [(start, end) for start, end in zip(starts, [*edges, high], strict=True) if start < end]
