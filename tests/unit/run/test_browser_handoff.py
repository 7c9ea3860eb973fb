"""The one-time page among connections that are not the browser's: nobody holds it up."""

import contextlib
import http.client
import socket
import threading
from urllib.parse import urlsplit

import pytest

from tests.patience import PATIENCE
from vault import limits
from vault.run.browser_handoff import Handoff
from vault.secret import Secret
from vault.system.clock import Deadline

TARGET = Secret("https://signin.example/federation?SigninToken=canary")


@pytest.fixture
def served():
    """The page's address parts, and what serving it came to."""
    with Handoff(TARGET) as page:
        result = []
        deadline = Deadline.after(PATIENCE)
        thread = threading.Thread(target=lambda: result.append(page.serve(deadline=deadline)))
        thread.start()
        yield urlsplit(page.url), result
        thread.join(PATIENCE)


def fetched(url):
    connection = http.client.HTTPConnection("127.0.0.1", url.port, timeout=PATIENCE)
    connection.request("GET", url.path)
    answer = connection.getresponse()
    connection.close()
    return answer.status


def test_a_slow_connection_does_not_block_the_browser(served, monkeypatch):
    """It has the time of one request in all, and the browser is answered after it."""
    monkeypatch.setattr(limits, "HANDOFF_READ", 0.5)
    url, _ = served
    over = threading.Event()

    def drip():
        with socket.create_connection(("127.0.0.1", url.port)) as dripping, contextlib.suppress(OSError):
            began.set()
            for _ in range(100):
                if over.wait(0.1):
                    return
                dripping.send(b"G")

    began = threading.Event()
    dripper = threading.Thread(target=drip)
    dripper.start()
    try:
        assert began.wait(PATIENCE)
        assert fetched(url) == 303
        assert dripper.is_alive()
    finally:
        over.set()
        dripper.join(PATIENCE)


def test_anothers_connection_is_not_even_read(served, monkeypatch):
    """Another user's process, which may say nothing at all, keeps the browser waiting for no time."""
    monkeypatch.setattr(limits, "HANDOFF_READ", PATIENCE / 2)
    url, _ = served
    theirs = socket.socket()
    theirs.bind(("127.0.0.1", 0))
    number = theirs.getsockname()[1]
    monkeypatch.setattr(
        "vault.run.browser_handoff.same_user", lambda *, peer_port, server_port: peer_port != number
    )
    with theirs:
        theirs.settimeout(PATIENCE / 4)
        theirs.connect(("127.0.0.1", url.port))
        assert theirs.recv(1) == b""
        assert fetched(url) == 303
