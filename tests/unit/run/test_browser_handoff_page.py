"""login's page, when nobody fetches it."""

from __future__ import annotations

import socket

from tests.patience import PATIENCE
from vault.run.browser_handoff import Handoff
from vault.secret import Secret
from vault.system.clock import Deadline


def test_a_page_that_nobody_fetches_ends_in_time():
    """Strangers who hang up, or ask for something else, do not use it up; at the end of the time it is over."""
    with Handoff(Secret("https://signin.example/")) as page:
        port = int(page.url.split(":")[2].split("/")[0])
        assert page.serve(deadline=Deadline.after(0)) is False
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as other:
            other.sendall(b"GET / HTTP/1.1\r\n")
            other.shutdown(socket.SHUT_WR)
            assert page.serve(deadline=Deadline.after(0.3)) is False
            assert other.recv(4096).startswith(b"HTTP/1.1 404 ")
