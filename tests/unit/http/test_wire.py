"""HTTP as it is written and read: its forms, its bounds, and reads that end at the deadline."""

from __future__ import annotations

import http.client
import socket
import time
from threading import Thread

import pytest

from tests.patience import PATIENCE
from tests.unit.aws.exchange import answering, send
from tests.unit.aws.provider_context import Jumping
from vault import errors, limits
from vault.http import wire
from vault.system.clock import Deadline

OK = b"HTTP/1.1 200 OK\r\n"


def asked(answer, *, most=100, piece=0, bodiless=False):
    """What ``ask`` returns for the bytes ``answer``, which come whole or in pieces."""
    here, there = socket.socketpair()

    def serve():
        for at in range(0, len(answer), piece or len(answer) or 1):
            there.sendall(answer[at : at + (piece or len(answer))])
        there.shutdown(socket.SHUT_WR)

    with here, there:
        thread = Thread(target=serve)
        thread.start()
        try:
            return wire.ask(here, b"x", deadline=Deadline.after(PATIENCE), most=most, bodiless=bodiless)
        finally:
            here.close()
            thread.join(PATIENCE)


def test_what_is_done_meanwhile_is_done_between_request_and_answer():
    """The answer is read when that is done."""
    here, there = socket.socketpair()
    there.settimeout(PATIENCE)
    with here, there:

        def meanwhile():
            assert there.recv(100) == b"request"
            there.sendall(OK + b"Content-Length: 5\r\n\r\nhello")

        found = wire.ask(here, b"request", deadline=Deadline.after(PATIENCE), most=100, meanwhile=meanwhile)
    assert found.body == b"hello"


GOOD = {
    "length": (OK + b"Content-Length: 5\r\n\r\nhello", True),
    "lengths of 0": (OK + b"content-length:0\r\n\r\n", True),
    "closes": (OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello", False),
    "to the end": (OK + b"\r\nhello", False),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", False),
    "HTTP/1.0, kept": (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 5\r\n\r\nhello", True),
    "chunks": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nMore: x\r\n\r\n",
        True,
    ),
    "continue": (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 5\r\n\r\nhello", True),
    "bare line ends": (b"HTTP/1.1 403 No\nContent-Length: 5\n\nhello", True),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", True),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", True),
    "a header twice": (OK + b"A: 1\r\nA: 2\r\nContent-Length: 5\r\n\r\nhello", True),
}


@pytest.mark.parametrize("piece", [0, 1])
@pytest.mark.parametrize("name", GOOD)
def test_answers_are_read_as_http_client_reads_them(name, piece):
    """Status, reason, body, and whether the connection may be used again; in one piece or in many."""
    raw, reusable = GOOD[name]
    found = asked(raw, piece=piece)
    here, there = socket.socketpair()
    with here, there:
        there.sendall(raw)
        there.shutdown(socket.SHUT_WR)
        other = http.client.HTTPResponse(here)
        other.begin()
        headers = {key.lower(): value for key, value in other.getheaders()}
        assert found == (other.status, other.reason, headers, other.read(), reusable)
        assert reusable is not other.will_close


@pytest.mark.parametrize(
    "raw",
    [
        b"hello\r\n\r\n", b"HTTP/2 200 OK\r\n\r\n", b"HTTP/1.1 2000 OK\r\n\r\n", b"HTTP/1.1 099 OK\r\n\r\n", OK, OK + b"A: b\r\n",
        OK + b"no colon\r\n\r\n", OK + b"Content-Length: 5\r\n\r\nhell", OK + b"Content-Length: -5\r\n\r\nhello",
        OK + b"Content-Length: 5\r\nContent-Length: 4\r\n\r\nhello", OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n",
        OK + b"A: b\r\n" * (limits.MAX_HTTP_HEADERS + 1) + b"\r\n", OK + b"A: " + b"b" * limits.MAX_HTTP_LINE + b"\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_not_http_is_not_believed(raw):
    """Cut short, of another version, without an end, or larger than an answer's head may be."""
    with pytest.raises(wire.NotHttp):
        asked(raw)


def test_nothing_is_no_answer():
    """The server closed the connection, perhaps before it took the request."""
    with pytest.raises(wire.NoHttpAnswer):
        asked(b"")


@pytest.mark.parametrize(
    "raw",
    [
        OK + b"\r\n123456",
        OK + b"Content-Length: 6\r\n\r\n123456",
        OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\n123\r\n3\r\n456\r\n0\r\n\r\n",
    ],
)
def test_body_over_the_limit(raw):
    """However its size is told."""
    with pytest.raises(wire.TooLarge):
        asked(raw, most=5)
    assert asked(raw, most=6).body == b"123456"


def test_bytes_after_the_answer_end_the_connection():
    """The next request would read them as its own answer."""
    assert not asked(OK + b"Content-Length: 1\r\n\r\nx and more").reusable


def test_answer_to_head_has_no_body():
    """Its length is that of the body that GET would have."""
    found = asked(OK + b"Content-Length: 5\r\n\r\n", bodiless=True)
    assert (found.body, found.reusable) == (b"", True)


@pytest.mark.parametrize("given", [{"a": "b\r\nc: d"}, {"a\n": "b"}, {"a": "b\0"}])
def test_request_with_a_line_break_is_not_written(given):
    """A value from a file or a variable adds no header."""
    with pytest.raises(ValueError, match="line break"):
        wire.request_head("GET", "/", host="h", headers=given, body=None)
    with pytest.raises(ValueError, match="line break"):
        wire.request_head("GET", "/ HTTP/1.1\r\na: b", host="h", headers={}, body=None)


def test_request_as_http_client_writes_it():
    """The order of its lines, and the length of its body."""

    class Kept:
        sent = b""

        def sendall(self, piece):
            self.sent += bytes(piece)

    for method, body in (("POST", b"a=b"), ("POST", None), ("PUT", None), ("GET", None)):
        connection = http.client.HTTPConnection("sts.example", 4566)
        connection.sock = Kept()
        connection.request(method, "/p?q=1", body=body, headers={"x-a": "1"})
        head = wire.request_head(method, "/p?q=1", host="sts.example:4566", headers={"x-a": "1"}, body=body)
        assert head + (body or b"") == connection.sock.sent


def test_trickling_answer_ends_at_the_deadline():
    """Each byte is in time but the whole answer is not."""
    clock = Jumping()

    def trickle(peer):
        peer.recv(65536)
        clock.ahead += 100
        peer.sendall(b"HTTP/1.1 200 OK\r\n")
        peer.recv(1)  # until the other end gives up

    with answering(trickle) as port:
        with pytest.raises(errors.Unreachable, match="did not answer in time") as raised:
            send(f"http://127.0.0.1:{port}", deadline=Deadline.after(50, clock=clock))
        assert raised.value.sent


def test_trickling_proxy_ends_at_the_deadline():
    """A proxy's answer to CONNECT may have any number of lines, each of them in time."""
    clock = Jumping()

    def trickle(peer):
        peer.recv(65536)
        peer.sendall(b"HTTP/1.1 200 OK\r\n")
        clock.ahead += 100
        for _ in range(20):
            time.sleep(0.02)
            peer.sendall(b"X-More: to come\r\n")
        peer.sendall(b"\r\nand this is no TLS\r\n")

    with answering(trickle) as port:
        with pytest.raises(errors.Unreachable, match="through the proxy") as raised:
            send(
                "https://sts.amazonaws.com",
                env={"HTTPS_PROXY": f"http://127.0.0.1:{port}"},
                deadline=Deadline.after(50, clock=clock),
            )
        assert not raised.value.sent
