"""Connections to a host name end at the deadline, whatever the name servers do."""

from __future__ import annotations

import _socket
import _thread
import socket
import threading
from types import SimpleNamespace

import pytest

from tests.patience import PATIENCE
from tests.unit.aws.exchange import send
from tests.unit.aws.recorder import Recorder
from vault import errors, limits
from vault.http import tcp_connect
from vault.system.clock import Deadline


def test_unanswered_lookup_ends(monkeypatch):
    """The C library would ask each silent name server twice, and again for each search domain."""
    monkeypatch.setattr(limits, "AWS_LOOK_UP", 0.1)
    known, given_up = _socket.getaddrinfo, threading.Event()

    def mute(*args, flags=0, **more):
        if flags & socket.AI_NUMERICHOST:
            return known(*args, flags=flags, **more)
        assert given_up.wait(PATIENCE)
        return []

    monkeypatch.setattr(_socket, "getaddrinfo", mute)
    with pytest.raises(
        errors.Unreachable, match=r"DNS lookup failed for sts\.example: no name server answered"
    ) as raised:
        send("http://sts.example", deadline=Deadline.after(600))
    assert (raised.value.sent, given_up.is_set()) == (False, False)
    given_up.set()


def test_lookup_without_a_thread(monkeypatch):
    """A limit on processes counts threads as well."""

    def refused(*_):
        raise RuntimeError("can't start new thread")

    with Recorder() as server:
        monkeypatch.setattr(
            tcp_connect,
            "_thread",
            SimpleNamespace(allocate_lock=_thread.allocate_lock, start_new_thread=refused),
        )
        assert send(server.url.replace("127.0.0.1", "localhost")).status == 200


def test_address_of_a_family_that_the_system_lacks(monkeypatch):
    """A kernel without IPv6 still reaches the host by its other address."""
    addresses = tcp_connect._addresses
    unknown = (9999, socket.SOCK_STREAM, 6, "", ("::1", 443))
    monkeypatch.setattr(
        tcp_connect, "_addresses", lambda *where, **more: [unknown, *addresses(*where, **more)]
    )
    with Recorder() as server:
        assert send(server.url).status == 200
