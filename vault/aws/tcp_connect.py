"""A TCP connection to a host name, within a deadline.

The C library's lookup has no deadline: with name servers that do not answer it takes five seconds for each of them,
twice, and for each search domain.
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


def connector(deadline: Deadline) -> Callable[..., socket.socket]:
    """A replacement for socket.create_connection in http.client: tries each address, none beyond ``deadline``.

    The socket's timeout is then limits.AWS_CONNECT, or what is left. Errors: gaierror (EAI_AGAIN if no name server
    answered), OSError.
    """

    def connect(address: tuple[str, int], *_: object) -> socket.socket:
        failure: OSError = TimeoutError()
        for family, kind, protocol, _, where in _addresses(*address, deadline=deadline):
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

    return connect


def _addresses(name: str, port: int, *, deadline: Deadline) -> list[Any]:
    """The addresses of ``name``, as getaddrinfo(3) gives them."""
    try:
        return socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass  # a name: ask DNS
    found: list[Any] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(name, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.append(error)

    thread = Thread(target=look_up, daemon=True)  # abandoned at the deadline: nothing can end a lookup
    try:
        thread.start()
    except RuntimeError:  # the system allows no further thread
        look_up()
    else:
        thread.join(min(limits.AWS_LOOK_UP, deadline.remaining()))
    if not found:
        raise socket.gaierror(socket.EAI_AGAIN, "no name server answered in time")
    if isinstance(found[0], Exception):
        raise found[0]
    return found
