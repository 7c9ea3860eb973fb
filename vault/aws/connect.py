"""A TCP connection by name within a deadline. The C library's look-up knows none: with name servers that are mute it
takes five seconds for each of them, twice, and for each domain that is searched.
"""

from __future__ import annotations

import socket
from threading import Thread
from typing import Any

from vault import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.system.clock import Deadline


def dialler(deadline: Deadline) -> Callable[..., socket.socket]:
    """What http.client takes in place of socket.create_connection: each address is tried, none beyond ``deadline``.

    The socket's time-out is then limits.AWS_CONNECT, or what is left. Errors: gaierror (EAI_AGAIN where no name server
    answered), OSError.
    """

    def dial(address: tuple[str, int], *_: object) -> socket.socket:
        failure: OSError = TimeoutError()
        for family, kind, protocol, _, where in _looked_up(*address, deadline=deadline):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(max(0.001, min(limits.AWS_CONNECT, deadline.remaining())))
                sock.connect(where)
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise failure

    return dial


def _looked_up(name: str, port: int, *, deadline: Deadline) -> list[Any]:
    """The addresses of ``name``, as getaddrinfo(3) gives them."""
    try:
        return socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass  # a name: that takes somebody's answer
    found: list[Any] = []

    def look() -> None:
        try:
            found.extend(socket.getaddrinfo(name, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.append(error)

    thread = Thread(target=look, daemon=True)  # left behind at its bound: nothing ends a look-up
    try:
        thread.start()
    except RuntimeError:  # no further thread may be had
        look()
    else:
        thread.join(min(limits.AWS_LOOK_UP, deadline.remaining()))
    if not found:
        raise socket.gaierror(socket.EAI_AGAIN, "no name server answered in time")
    if isinstance(found[0], Exception):
        raise found[0]
    return found
