"""IP addresses in any spelling. Opens no connection and asks no name server."""

from __future__ import annotations

import _socket


def canonical(name: str) -> str:
    """The IP address that ``name`` spells, in its short form; ``name`` itself if it is a DNS name.

    Uses the function that connections use, so that no spelling counts as another host than the one it reaches.
    """
    try:
        found = _socket.getaddrinfo(
            for_lookup(name), None, type=_socket.SOCK_STREAM, flags=_socket.AI_NUMERICHOST
        )
    except (OSError, ValueError):  # ValueError: a NUL, or not a DNS name
        return name
    return str(found[0][4][0])


def for_lookup(name: str) -> bytes | str:
    """``name`` as getaddrinfo takes it. As text, it would import the codec for international names."""
    return name.encode("ascii") if name.isascii() else name


def is_loopback(name: str) -> bool:
    """Whether a call to ``name`` stays on this machine: localhost, 127.0.0.0/8, ::1."""
    address = canonical(name).removeprefix("::ffff:")
    return name == "localhost" or address == "::1" or (address.startswith("127.") and _is_ipv4(address))


def _is_ipv4(text: str) -> bool:
    return text.count(".") == 3 and text.replace(".", "").isdigit()  # not 127.example.org
