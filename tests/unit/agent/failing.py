"""An agent that fails its clients in a chosen way at the socket of a home. It runs in a thread, with or without a real agent behind it."""

from __future__ import annotations

import contextlib
import os
import socket
import threading

from tests.patience import PATIENCE

STOPPED, FULL, GONE = "stopped", "full", "gone"


class Failing:
    """Listens at ``path``. ``how``: STOPPED takes connections and is mute, FULL takes none, GONE has left its socket's
    file; a number N hands on the answers of the agent behind, and dies after N bytes of each connection's.
    """

    def __init__(self, path, how, *, behind=None):
        self.path, self.how, self.behind = path, how, behind
        self.waiting = []
        self.clients = 0
        self.over = False

    def __enter__(self):
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self.listener.bind(self.path)
        os.umask(before)
        if self.how != GONE:
            self.listener.listen(0 if self.how == FULL else 1000)
        if self.how == FULL:
            self._fill()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        if isinstance(self.how, int):
            self.thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        if isinstance(self.how, int):
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as knock:
                knock.connect(self.path)
            self.thread.join(PATIENCE)
        for one in (self.listener, *self.waiting):
            one.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def _fill(self):
        """Fill the kernel's queue until it takes no more."""
        while True:
            one = socket.socket(socket.AF_UNIX)
            one.setblocking(False)
            self.waiting.append(one)
            try:
                one.connect(self.path)
            except BlockingIOError:
                return

    def _serve(self):
        while True:
            client, _ = self.listener.accept()
            if self.over:
                client.close()
                return
            self.clients += 1
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client):
        """Pass questions one way, and up to so many bytes of answers the other way."""
        with client, socket.socket(socket.AF_UNIX) as agent:
            agent.connect(self.behind)
            asking = threading.Thread(target=_pump, args=(client, agent), daemon=True)
            asking.start()
            _pump(agent, client, most=self.how)
            for end in (client, agent):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            asking.join(PATIENCE)


def _pump(source, target, *, most=1 << 30):
    """Copy until either end is closed, or until so many bytes are copied; the target then sees the end."""
    with contextlib.suppress(OSError):
        while most > 0 and (piece := source.recv(min(most, 65_536))):
            target.sendall(piece)
            most -= len(piece)
        target.shutdown(socket.SHUT_WR)
