"""One exchange with AWS where the way or the other end fails: what is said, and whether AWS may have seen the request."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from tests.patience import PATIENCE
from tests.unit.aws.fetching import Jumping
from tests.unit.aws.recorder import Recorder
from vault import errors, limits
from vault.aws import connect, wire
from vault.system.clock import Deadline


def send(url, *, deadline=None, env=None):
    to = wire.target(url)
    return wire.send(
        to,
        method="GET",
        headers={"host": to.host},
        deadline=deadline or Deadline.after(PATIENCE),
        env=env or {},
    )


@pytest.mark.parametrize(
    "url",
    ["http://[::1", "http://host:port/", "http://host:70000/", "ftp://host", "http://", "http://a@host", "http://host/?q", "x"],
)  # fmt: skip
def test_what_is_no_address_is_none(url):
    """Whoever asked says which setting named it."""
    assert wire.target(url) is None


def test_without_time_left_nothing_is_sent():
    """AWS sees nothing of a call that could not wait for its answer."""
    with Recorder() as server:
        with pytest.raises(errors.Unreachable, match="no time is left") as raised:
            send(server.url, deadline=Deadline.after(0))
        assert (server.asked, raised.value.sent) == ([], False)


def test_an_answer_over_the_limit_is_cut():
    """One byte more than is read is an error; so many are an answer."""
    for size, fits in ((limits.MAX_AWS_ANSWER, True), (limits.MAX_AWS_ANSWER + 1, False)):
        with Recorder(bodies=[b"x" * size]) as server:
            if fits:
                assert len(send(server.url).body) == size
                continue
            with pytest.raises(errors.Unreachable, match=f"is over {limits.MAX_AWS_ANSWER} bytes") as raised:
                send(server.url)
            assert raised.value.sent


@contextmanager
def answering(act):
    """The port of a server that hands its first peer to ``act``."""

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


def test_an_answer_that_trickles_ends_with_the_deadline():
    """Each byte is in time, and the whole is not: nothing waits anew after each of them."""
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


def test_an_answer_that_is_no_http_is_told():
    """AWS, or whoever stands in its place, has seen the request."""
    with answering(lambda peer: (peer.recv(65536), peer.sendall(b"\x00\x01 hello\r\n\r\n"))) as port:
        with pytest.raises(errors.Unreachable, match="broke after the request") as raised:
            send(f"http://127.0.0.1:{port}")
        assert raised.value.sent


def test_a_server_that_speaks_no_tls_gets_no_request():
    """It is told apart from a certificate that nobody vouches for."""
    got = []

    def plain(peer):
        got.append(peer.recv(65536))
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with answering(plain) as port:
        with pytest.raises(errors.Unreachable, match=r"TLS with 127\.0\.0\.1:\d+ failed") as raised:
            send(f"https://127.0.0.1:{port}")
        assert not raised.value.sent
    assert b"GET" not in got[0]


def test_a_proxy_that_is_not_there_is_named():
    """The person looks at the proxy and not at AWS."""
    with pytest.raises(errors.Unreachable, match=r"through the proxy 127\.0\.0\.1:9") as raised:
        send("https://sts.amazonaws.com", env={"HTTPS_PROXY": "http://127.0.0.1:9"})
    assert "HTTPS_PROXY" in raised.value.hint


@pytest.mark.parametrize("status", ["403 Forbidden", "407 Proxy Authentication Required"])
def test_what_a_proxy_answers_is_told(status):
    """A filter that lets no tunnel through, and a proxy that wants a password, are told apart."""
    answer = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()
    with answering(lambda peer: (peer.recv(65536), peer.sendall(answer))) as port:
        with pytest.raises(
            errors.Unreachable, match=f"proxy 127.0.0.1:{port}, which answered {status}$"
        ) as raised:
            send("https://sts.example.test", env={"HTTPS_PROXY": f"http://127.0.0.1:{port}"})
        assert not raised.value.sent


def test_a_name_that_is_none_is_said():
    """A label too long for DNS never gets as far as a question, and "Success" would be no reason."""
    with pytest.raises(errors.Unreachable, match="its name is not known here"):
        send(f"http://{'x' * 70}.example")


def test_a_name_that_does_not_resolve_is_said(monkeypatch):
    """A machine without a network, or a mistyped endpoint."""

    def unknown(*_args, **_more):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(errors.Unreachable, match="its name is not known here") as raised:
        send("http://sts.example")
    assert not raised.value.sent


def test_a_look_up_that_nobody_answers_ends(monkeypatch):
    """The C library would ask each mute name server twice, and again for each domain that is searched."""
    monkeypatch.setattr(limits, "AWS_LOOK_UP", 0.1)
    known, given_up = socket.getaddrinfo, threading.Event()

    def mute(*args, flags=0, **more):
        if flags & socket.AI_NUMERICHOST:
            return known(*args, flags=flags, **more)
        assert given_up.wait(PATIENCE)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", mute)
    with pytest.raises(errors.Unreachable, match="no name server answers") as raised:
        send("http://sts.example", deadline=Deadline.after(600))
    assert (raised.value.sent, given_up.is_set()) == (False, False)
    given_up.set()


def test_a_name_is_looked_up_where_no_thread_may_be_had(monkeypatch):
    """A limit on processes counts threads as well."""

    class Refused(threading.Thread):
        def start(self):
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(connect, "Thread", Refused)
    with Recorder() as server:
        assert send(server.url.replace("127.0.0.1", "localhost")).status == 200


def test_a_bundle_that_is_a_pipe_is_not_waited_for(tmp_path):
    """Nobody may ever write into it."""
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    with pytest.raises(errors.ConfigError, match="holds no certificates that can be read"):
        send("https://127.0.0.1:9", env={"AWS_CA_BUNDLE": pipe})


def test_a_proxy_that_trickles_ends_with_the_deadline():
    """Its answer to CONNECT may have any number of lines, each of them in time."""
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
