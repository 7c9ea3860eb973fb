"""Connections between two processes of the program, and descriptors passed over them."""

from __future__ import annotations

import os
import socket

from vault.system.files import translate


def pair() -> tuple[socket.socket, socket.socket]:
    """Two connected sockets. Errors: StorageError."""
    try:
        return socket.socketpair()
    except OSError as error:
        raise translate(error, "a connection between two processes of awsvault-py") from None


def send_descriptor(connection: socket.socket, message: bytes, descriptor: int) -> None:
    """Send ``message`` with a descriptor. Errors: OSError."""
    socket.send_fds(connection, [message], [descriptor])


def receive_descriptors(connection: socket.socket) -> list[int] | None:
    """The descriptor, if any, that came with a message of one byte; None if the other end is gone. No program inherits it."""
    try:
        message, descriptors, _, _ = socket.recv_fds(connection, 1, 1)
    except OSError:
        return None
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    return list(descriptors) if message else None
