"""A hostile or broken server or proxy: no answer is read in two ways, none is taken for another, no request is repeated."""

from __future__ import annotations

import socket
import struct
from contextlib import contextmanager, suppress
from threading import Event, Thread

import pytest

from tests.patience import PATIENCE
from tests.unit.http.test_wire import OK, asked
from vault import errors
from vault.aws import transport
from vault.aws.connections import ConnectionPool
from vault.http import wire
from vault.http.target import parse_target
from vault.system.clock import Deadline

FIVE = b"Content-Length: 5\r\n\r\n"


@contextmanager
def serving(*acts):
    """A function that makes one call; the server passes its first connection to the first of ``acts``, and so on."""
    pool = ConnectionPool()

    def serve(listener):
        for act in acts:
            try:
                peer, _ = listener.accept()
            except OSError:  # the test is over
                return
            with peer, suppress(OSError):  # the other end may be gone by then
                act(peer)

    def call():
        to = parse_target(f"http://127.0.0.1:{listener.getsockname()[1]}")
        return transport.send(
            to, method="POST", headers={}, env={}, pool=pool, deadline=Deadline.after(PATIENCE)
        )

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield call
        pool.close()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE)


def answer(peer, body):
    peer.recv(65536)
    peer.sendall(OK + FIVE + body)


def reset(peer):
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


@pytest.mark.parametrize(
    "lines",
    [
        b"Transfer-Encoding: gzip, chunked\r\n" + FIVE,
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n" + FIVE,
        b"Transfer-Encoding:\r\n chunked, gzip\r\n" + FIVE,
        b"Content-Length: 5\r\n 0\r\n\r\n",
        b"Content-Length : 5\r\n\r\n",
        b" Content-Length: 5\r\n\r\n",
        b"A: b\rContent-Length: 4\r\n" + FIVE,
        b"A: b\0c\r\n" + FIVE,
    ],
)
def test_a_length_in_doubt_is_not_believed(lines):
    """A proxy on the way may have read it in another way."""
    with pytest.raises(wire.NotHttp):
        asked(OK + lines + b"hello")


def test_other_protocol_is_not_http():
    """Nobody asked for one, and nothing tells where the next answer begins."""
    with pytest.raises(wire.NotHttp):
        asked(b"HTTP/1.1 101 Switching Protocols\r\n" + FIVE + b"hello")


def test_continued_header_is_one_value():
    """An obsolete form, which a proxy may still use."""
    assert asked(OK + b"A: b\r\n\t c\r\n" + FIVE + b"hello").headers["a"] == "b c"


@pytest.mark.parametrize(
    "lines",
    [
        b"Connection: close\r\nConnection: keep-alive\r\n" + FIVE + b"hello",
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ],
)
def test_connection_in_doubt_is_not_used_again(lines):
    """One of two lines closes it, or the answer has two lengths."""
    found = asked(OK + lines)
    assert (found.body, found.reusable) == (b"hello", False)


def test_bytes_after_an_answer_are_not_the_next_answer():
    """They come while the connection is idle."""
    read, more = Event(), Event()

    def forge(peer):
        answer(peer, b"first")
        read.wait(PATIENCE)
        peer.sendall(OK + FIVE + b"forge")
        more.set()
        peer.recv(1)  # until the other end closes

    with serving(forge, lambda peer: answer(peer, b"other")) as call:
        assert call().body == b"first"
        read.set()
        assert more.wait(PATIENCE)
        assert call().body == b"other"


@pytest.mark.parametrize("end", [socket.socket.close, reset])
@pytest.mark.parametrize("begun", [b"HTTP/1.1 100 Continue\r\n\r\n", OK])
def test_request_is_not_repeated_once_its_answer_began(begun, end):
    """Only a request that the server never read goes over a new connection."""

    def cut(peer):
        answer(peer, b"first")
        peer.recv(65536)
        peer.sendall(begun)
        peer.settimeout(0.3)
        with pytest.raises(TimeoutError):
            peer.recv(1)  # leaves the other end time to read
        end(peer)

    with serving(cut, lambda peer: answer(peer, b"again")) as call:
        call()
        with pytest.raises(errors.Unreachable, match="broke after the request") as raised:
            call()
        assert raised.value.sent


@pytest.mark.parametrize("path", ["/a\tb", "/a\x0bb", "/a\x7fb", "/a b", "/\u00e9"])
def test_path_with_a_control_character_is_not_written(path):
    """Some servers take them for the end of the path. http.client refuses them too."""
    with pytest.raises(ValueError, match="request"):
        wire.request_head("GET", path, host="h", headers={}, body=None)
