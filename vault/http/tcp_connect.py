"""A TCP connection to a host name, within a deadline.

The C library's lookup has no deadline: with name servers that do not answer it takes five seconds for each of them,
twice, and for each search domain. socket and threading would import as much as a whole call needs.
"""

from __future__ import annotations

import _socket
import _thread

from vault import limits
from vault.http.ip_addresses import for_lookup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vault.system.clock import Deadline


def connected(name: str, port: int, *, deadline: Deadline) -> _socket.socket:
    """A socket that is connected to one of the host's addresses, tried in turn, none beyond ``deadline``.

    Its timeout is limits.AWS_CONNECT, or what is left. Errors: gaierror (EAI_AGAIN if no name server answered), OSError.
    """
    failure: OSError = TimeoutError()
    for family, kind, protocol, _, where in _addresses(name, port, deadline=deadline):
        try:
            sock = _socket.socket(family, kind, protocol)
        except OSError as error:  # a kernel without IPv6
            failure = error
            continue
        try:
            sock.settimeout(max(0.001, min(limits.AWS_CONNECT, deadline.remaining())))
            sock.connect(where)
            sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


def _addresses(name: str, port: int, *, deadline: Deadline) -> list[Any]:
    """The addresses of ``name``, as getaddrinfo(3) gives them."""
    host, kind = for_lookup(name), _socket.SOCK_STREAM
    try:
        return _socket.getaddrinfo(host, port, type=kind, flags=_socket.AI_NUMERICHOST)
    except _socket.gaierror:
        pass  # a name: ask DNS
    found: list[Any] = []
    done = _thread.allocate_lock()
    done.acquire()

    def look_up() -> None:
        try:
            found.extend(_socket.getaddrinfo(host, port, type=kind))
        except (OSError, UnicodeError) as error:
            found.append(error)
        finally:
            done.release()

    try:
        _thread.start_new_thread(look_up, ())  # abandoned at the deadline: nothing can end a lookup
    except RuntimeError:  # the system allows no further thread
        look_up()
    done.acquire(timeout=min(limits.AWS_LOOK_UP, deadline.remaining()))
    if not found:
        raise _socket.gaierror(_socket.EAI_AGAIN, "no name server answered in time")
    if isinstance(found[0], Exception):
        raise found[0]
    return found
