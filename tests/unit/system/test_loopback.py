"""Whose connection it is."""

from __future__ import annotations

import os
import socket
import sys

from vault.system import loopback


def test_whose_connection_it_is(monkeypatch):
    """The kernel's table names the user of a connection's other end."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        client.connect(listener.getsockname())
        ports = {"peer_port": client.getsockname()[1], "server_port": listener.getsockname()[1]}
        assert loopback.same_user(**ports)
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
        assert not loopback.same_user(**ports)
        monkeypatch.setattr(loopback, "_TABLES", {"/proc/net/there is no such table": ""})
        assert not loopback.same_user(**ports)
        monkeypatch.setattr(loopback, "_TABLES", {"/proc/self": ""})  # opens, and cannot be read
        assert not loopback.same_user(**ports)
        monkeypatch.setattr(sys, "platform", "darwin")
        assert loopback.same_user(**ports)


def test_whose_connection_it_is_by_a_socket_of_both_families():
    """As Java has it: the client's socket is IPv6's, and the kernel lists it in another table."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(socket.AF_INET6) as client:
        port = listener.getsockname()[1]
        client.connect(("::ffff:127.0.0.1", port))
        assert loopback.same_user(peer_port=client.getsockname()[1], server_port=port)
