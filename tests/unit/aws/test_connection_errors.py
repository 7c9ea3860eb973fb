"""What is said where no connection comes about: the host, the proxy, the cause."""

from __future__ import annotations

import socket

import pytest

from tests.unit.aws.exchange import answering, send
from vault import errors


def test_a_server_that_speaks_no_tls_gets_no_request():
    """It is told apart from a certificate that nobody vouches for."""
    got = []

    def plain(peer):
        got.append(peer.recv(65536))
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with answering(plain) as port:
        with pytest.raises(errors.Unreachable, match=r"TLS handshake with 127\.0\.0\.1:\d+ failed") as raised:
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
            errors.Unreachable, match=f"proxy 127.0.0.1:{port}: the proxy answered {status}$"
        ) as raised:
            send("https://sts.example.test", env={"HTTPS_PROXY": f"http://127.0.0.1:{port}"})
        assert not raised.value.sent


def test_a_name_that_is_none_is_said():
    """A label too long for DNS never gets as far as a question, and "Success" would be no reason."""
    with pytest.raises(errors.Unreachable, match=f"DNS lookup failed for {'x' * 70}.example: "):
        send(f"http://{'x' * 70}.example")


def test_a_name_that_does_not_resolve_is_said(monkeypatch):
    """A machine without a network, or a mistyped endpoint."""

    def unknown(*_args, **_more):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(errors.Unreachable, match=r"DNS lookup failed for sts\.example: ") as raised:
        send("http://sts.example")
    assert not raised.value.sent
