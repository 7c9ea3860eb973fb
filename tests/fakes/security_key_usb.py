"""A security key at a socket, by CTAPHID: packets of 64 bytes, channels, keepalives and cancelling, as over USB."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import threading

from fido2.hid import CAPABILITY, CTAPHID

from tests.forked import USB

SIZE = 64
INIT = 0x80
PROCESSING, TOUCH_NEEDED = 1, 2


class PluggedKey:
    """``key`` at the socket ``path``, until ``unplug``. ``env`` is what a command needs to find it."""

    def __init__(self, key, path):
        self.key, self.path = key, path
        self.connections = []
        self.listener = None
        self.replug()

    @property
    def env(self):
        return {"PYTHONPATH": USB, "TEST_SECURITY_KEYS": self.path}

    def unplug(self):
        """Every program that uses the key finds it gone."""
        self.key.unplug()
        self.listener.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        for one in self.connections:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.connections.clear()

    def replug(self):
        self.key.replug()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.path)
        self.listener.listen(8)
        threading.Thread(target=self._listen, args=(self.listener,), daemon=True).start()

    def _listen(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError), connection:
            while True:
                message = _message(connection)
                if message is None:
                    return
                channel, command, data = message
                if command == CTAPHID.INIT:
                    capabilities = CAPABILITY.CBOR | CAPABILITY.NMSG
                    _send(
                        connection,
                        channel,
                        command,
                        data + struct.pack(">IBBBBB", 1, 2, 1, 0, 0, capabilities),
                    )
                elif command == CTAPHID.CBOR:
                    self._work(connection, channel, data)

    def _work(self, connection, channel, data):
        """Let the key work, with a keepalive now and then, until it is done or its user's program cancels."""
        stop, status, answers = threading.Event(), [PROCESSING], []

        def call():
            with contextlib.suppress(OSError):
                answers.append(self.key.call(CTAPHID.CBOR, data, stop, status.append))

        worker = threading.Thread(target=call, daemon=True)
        worker.start()
        try:
            while worker.is_alive():
                worker.join(0.02)
                if select.select([connection], [], [], 0)[0]:
                    message = _message(connection)
                    if message is None:
                        return
                    if message[1] == CTAPHID.CANCEL:
                        stop.set()
                if worker.is_alive() and not self.key.deaf:
                    _send(connection, channel, CTAPHID.KEEPALIVE, bytes(status[-1:]))
        finally:
            stop.set()  # also if the program is gone
        if answers:
            _send(connection, channel, CTAPHID.CBOR, answers[0])


def _message(connection):
    """Channel, command and data of one message; None at the end."""
    packet = connection.recv(SIZE)
    if not packet:
        return None
    channel, command, length = struct.unpack_from(">IBH", packet)
    data, expected = packet[7:], 0
    while len(data) < length:
        packet = connection.recv(SIZE)
        if not packet:
            return None
        assert struct.unpack_from(">IB", packet) == (channel, expected)
        data, expected = data + packet[5:], expected + 1
    return channel, command & ~INIT, data[:length]


def _send(connection, channel, command, data):
    head = struct.pack(">IBH", channel, INIT | command, len(data))
    number = 0
    while True:
        room = SIZE - len(head)
        connection.sendall((head + data[:room]).ljust(SIZE, b"\0"))
        data = data[room:]
        if not data:
            return
        head = struct.pack(">IB", channel, number)
        number += 1
