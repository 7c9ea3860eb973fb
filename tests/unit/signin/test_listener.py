"""The listener among requests that are not the browser's: each gets 400, and the wait goes on."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import threading
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

import pytest

from tests.patience import PATIENCE
from vault import limits
from vault.signin import listener as module
from vault.signin.listener import CallbackListener
from vault.system.clock import Deadline

CALLBACK = "/oauth/callback"


class Served:
    """A listener that waits in a thread."""

    def __init__(self):
        self.over, self.answer = threading.Event(), None
        self.listener = CallbackListener()
        self.listener.opens("https://oidc.example/authorize?x=1")
        self.port = urlsplit(self.listener.redirect_uri).port
        self.thread = threading.Thread(target=self._wait)
        self.thread.start()

    def _wait(self):
        while self.answer is None and not self.over.is_set():
            self.answer = self.listener.wait(deadline=Deadline.after(PATIENCE), look=0.1)

    def get(self, path, *, method="GET", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        found = answer.status, dict(answer.getheaders()), answer.read().decode()
        connection.close()
        return found

    def query(self, **changes):
        given = {"state": self.listener.state.reveal_text(), "code": "the code", **changes}
        return f"{CALLBACK}?{urlencode({k: v for k, v in given.items() if v is not None})}"

    def end(self):
        self.over.set()
        self.thread.join(PATIENCE)
        self.listener.__exit__()


@pytest.fixture
def served():
    made = Served()
    yield made
    made.end()


def brought(served):
    served.thread.join(PATIENCE)
    return served.answer


def test_the_browsers_answer_is_taken(served):
    """With headers that keep the address out of caches and other pages."""
    status, headers, text = served.get(served.query())
    assert status == 200
    assert "Close this window" in text
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert brought(served).code.reveal_text() == "the code"


def test_a_refusal_on_the_page_is_an_answer(served):
    """If its state is right."""
    assert served.get(served.query(code=None, error="access_denied", state="x"))[0] == 400
    assert served.get(served.query(code=None, error="access_denied"))[0] == 200
    assert (brought(served).code, served.answer.error) == (None, "access_denied")


def test_the_start_page_leads_to_the_sign_in(served):
    """And its address has no state."""
    url = served.listener.start_url
    assert served.listener.state.reveal_text() not in url
    status, headers, _ = served.get(urlsplit(url).path)
    assert (status, headers["Location"]) == (303, "https://oidc.example/authorize?x=1")


def test_the_start_page_leads_on_once(served):
    """Another user of the machine can see the browser's command line, and not on every system is that user's request told apart."""
    path = urlsplit(served.listener.start_url).path
    assert [served.get(path)[0] for _ in range(2)] == [303, 400]
    assert served.get(served.query())[0] == 200


WRONG = {
    "another path": lambda s: s.get(s.query().replace(CALLBACK, "/oauth/callback/")),
    "the root": lambda s: s.get("/"),
    "no state": lambda s: s.get(s.query(state=None)),
    "another state": lambda s: s.get(s.query(state="a" * 43)),
    "a state with more": lambda s: s.get(s.query(state=s.listener.state.reveal_text() + "a")),
    "a state that is not ASCII": lambda s: s.get(f"{CALLBACK}?code=c&state=%C3%A4"),
    "two states": lambda s: s.get(s.query() + "&state=x"),
    "two codes": lambda s: s.get(s.query() + "&code=x"),
    "no code": lambda s: s.get(s.query(code=None)),
    "a code with a line end": lambda s: s.get(s.query(code="a\nb")),
    "a long code": lambda s: s.get(s.query(code="a" * 4097)),
    "many fields": lambda s: s.get(s.query() + "&a=1" * 20),
    "POST": lambda s: s.get(s.query(), method="POST"),
    "HEAD": lambda s: s.get(s.query(), method="HEAD"),
    "another Host": lambda s: s.get(s.query(), headers={"Host": f"attacker.example:{s.port}"}),
    "localhost": lambda s: s.get(s.query(), headers={"Host": f"localhost:{s.port}"}),
    "a Host without the port": lambda s: s.get(s.query(), headers={"Host": "127.0.0.1"}),
    "an absolute URL": lambda s: s.get(f"http://127.0.0.1:{s.port}" + s.query()),
    "a wrong start page": lambda s: s.get("/" + "a" * 32),
    "a start page with a query": lambda s: s.get(urlsplit(s.listener.start_url).path + "?a=1"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_request_gets_400_and_the_wait_goes_on(served, kind):
    assert WRONG[kind](served)[0] == 400
    assert served.answer is None
    assert served.get(served.query())[0] == 200
    assert brought(served).code is not None


def test_two_hosts_are_no_host(served):
    """A proxy and a browser could mean different ones."""
    with socket.create_connection(("127.0.0.1", served.port)) as sock:
        host = f"Host: 127.0.0.1:{served.port}\r\n"
        sock.sendall(f"GET {served.query()} HTTP/1.1\r\n{host}{host}\r\n".encode())
        assert sock.recv(100).startswith(b"HTTP/1.1 400 ")
    assert served.answer is None


def test_another_users_process_is_not_heard(served, monkeypatch):
    """Even with the right state."""
    monkeypatch.setattr(module, "same_user", lambda **_: False)
    with suppress(OSError, http.client.HTTPException):
        assert served.get(served.query())[0] == 400
    monkeypatch.undo()
    assert served.answer is None
    assert served.get(served.query())[0] == 200


def test_silent_connections_hold_nobody_up(served):
    """Browsers open some that they never use."""
    silent = [
        socket.create_connection(("127.0.0.1", served.port)) for _ in range(limits.SIGN_IN_CONNECTIONS * 2)
    ]
    assert served.get(served.query())[0] == 200
    for one in silent:
        one.close()


def test_a_request_that_is_too_long_is_refused(served):
    with socket.create_connection(("127.0.0.1", served.port)) as sock, suppress(OSError):
        sock.sendall(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 4000)
        assert sock.recv(100).startswith(b"HTTP/1.1 400 ")
    assert served.get(served.query())[0] == 200


def test_a_client_that_sends_on_gets_its_400_too(served):
    """A header of megabytes is thrown away as it comes; unread, it would take the answer with it."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\na: " + b"b" * 4_000_000 + b"\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 400 ")
    assert served.get(served.query(), method="POST")[0] == 400
    assert served.get(served.query())[0] == 200


def test_a_slow_client_is_answered_after_a_while(served, monkeypatch):
    """It sends a byte now and then; the browser is answered meanwhile."""
    monkeypatch.setattr(limits, "HANDOFF_READ", 0.3)
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE) as sock:
        sock.settimeout(0.02)
        said, sent = b"", 0
        while not said and sent < PATIENCE * 50:
            sent += sock.send(b"G")
            with suppress(TimeoutError):
                said = sock.recv(100)
    assert said.startswith(b"HTTP/1.1 400 ")
    assert served.get(served.query())[0] == 200


def test_the_second_request_of_a_connection_is_not_heard(served):
    """A wrong one before the right one, sent at once."""
    host = f"Host: 127.0.0.1:{served.port}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE) as sock:
        sock.sendall(f"GET / HTTP/1.1\r\n{host}GET {served.query()} HTTP/1.1\r\n{host}".encode())
        said = b""
        while piece := sock.recv(4096):
            said += piece
    assert said.count(b"HTTP/1.1 ") == said.count(b"HTTP/1.1 400 ") == 1
    assert served.answer is None
    assert served.get(served.query())[0] == 200


def test_a_program_of_another_uid_gets_400(served):
    """With the right state, and on the start page; the browser's request after it is taken."""
    assert os.geteuid() == 0, "this test becomes another user, for which it needs to be root"
    for url in (f"http://127.0.0.1:{served.port}{served.query()}", served.listener.start_url):
        done = subprocess.run(
            ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--noproxy", "*", url],
            user=65534, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.stdout == "400"
    assert served.answer is None
    assert served.get(urlsplit(served.listener.start_url).path)[0] == 303
    assert served.get(served.query())[0] == 200


def test_a_request_in_pieces_is_read_to_its_end(served):
    with socket.create_connection(("127.0.0.1", served.port)) as sock:
        for piece in (f"GET {served.query()} HT", f"TP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n", "\r\n"):
            sock.sendall(piece.encode())
        assert sock.recv(100).startswith(b"HTTP/1.1 200 ")


def test_it_listens_on_loopback_only(served):
    """No other machine can reach it."""
    assert served.listener._socket.getsockname()[0] == "127.0.0.1"
