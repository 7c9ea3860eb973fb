"""Which threads open TCP connections."""

from __future__ import annotations

import threading

from vault.http import tcp_connect


def recorded(monkeypatch):
    """From now on, the thread of each TCP connection that this process tries to open."""
    found = []
    connected = tcp_connect.connected

    def dial(*where, **more):
        found.append(threading.get_ident())
        return connected(*where, **more)

    monkeypatch.setattr(tcp_connect, "connected", dial)
    return found
