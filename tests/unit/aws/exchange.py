"""One request to a URL, and a server whose first connection is handled by the test."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress

from tests.patience import PATIENCE
from vault.aws import transport
from vault.http.target import parse_target
from vault.system.clock import Deadline


def send(url, *, deadline=None, env=None):
    to = parse_target(url)
    return transport.send(
        to,
        method="GET",
        headers={"host": to.host},
        deadline=deadline or Deadline.after(PATIENCE),
        env=env or {},
    )


@contextmanager
def answering(act):
    """The port of a server that passes its first connection to ``act``."""

    def serve(listener):
        peer, _ = listener.accept()
        with peer, suppress(OSError):  # the other end may be gone by then
            act(peer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(PATIENCE)
        assert not thread.is_alive()
