"""What a worker does: a fork of the agent that opens the vault and answers one client, over that client's connection.

Over a pipe it tells the agent whether it works or only waits, for an MFA code or for its client. The pipe closes with
it.
"""

from __future__ import annotations

import os

from vault import limits
from vault.agent import protocol
from vault.agent.protocol import AgentRequest, BadFrame
from vault.system import children, hardening
from vault.system.detach import close_all_but

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    # Returns the frame of the answer to a request. Before that, it may send its own frames with the function it gets.
    Answerer = Callable[[AgentRequest, Callable[[bytes], None]], bytes]

OPS = frozenset({"HAS_ENTRY", "LIST", "GET_ENTRY", "SSO_KEY", "TOTP", "NOTE_CODE"})
WORKS, WAITS = b"+", b"-"


def serve(
    sock: socket.socket, request: AgentRequest, *, answerer: Callable[[], Answerer], tell: int, agent: int
) -> None:
    """Answer until the client closes the connection. ``tell`` is the pipe; ``agent`` is the process that forked this one."""
    hardening.end_with_parent(agent)  # if the agent is killed, no process with its keys is left
    children.end_after(limits.AGENT_WORKER_TIME)
    close_all_but(sock.fileno(), tell, streams=False)  # the agent's lock and socket must not outlive it here
    answer = answerer()

    def say(frame: bytes) -> None:
        os.write(tell, WAITS)  # sends nothing, except that it is too early for a code
        sock.sendall(frame)

    while True:
        sock.settimeout(None)
        sock.sendall(answer(request, say))
        os.write(tell, WAITS)
        sock.settimeout(limits.AGENT_WORKER_IDLE)  # others wait for a worker; this client may ask again
        following = protocol.parse(_read(sock, protocol.length(_read(sock, protocol.LENGTH))))
        if not isinstance(following, AgentRequest) or following.op not in OPS:
            return
        os.write(tell, WORKS)
        request = following


def _read(sock: socket.socket, size: int) -> bytes:
    """Exactly ``size`` bytes; BadFrame if the other end sends fewer."""
    received = b""
    while len(received) < size:
        piece = sock.recv(size - len(received))
        if not piece:
            raise BadFrame
        received += piece
    return received
