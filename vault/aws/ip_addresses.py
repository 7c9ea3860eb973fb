"""Whose address a host's name spells, in whatever way it is written. Opens no connection and asks no name server."""

from __future__ import annotations

import socket


def canonical(name: str) -> str:
    """The address that ``name`` spells, in its one short form; ``name`` itself where it is a name of DNS.

    By the same function that a connection is made with, so that no spelling is taken for another host than it reaches.
    """
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, ValueError):  # ValueError: a NUL, or what no DNS takes
        return name
    return str(found[0][4][0])


def is_loopback(name: str) -> bool:
    """Whether a call to ``name`` stays on this machine: localhost, 127.0.0.0/8, ::1."""
    address = canonical(name).removeprefix("::ffff:")
    return name == "localhost" or address == "::1" or (address.startswith("127.") and _is_ipv4(address))


def _is_ipv4(text: str) -> bool:
    return text.count(".") == 3 and text.replace(".", "").isdigit()  # not 127.example.org
