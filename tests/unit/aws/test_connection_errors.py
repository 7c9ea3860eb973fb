"""Errors about connections: they name the host, the proxy and the cause."""

from __future__ import annotations

import _socket
import socket

import pytest

from tests.unit.aws.exchange import answering, send
from vault import errors


def test_server_without_tls_gets_no_request():
    """The error differs from that for a certificate that is not trusted."""
    got = []

    def plain(peer):
        got.append(peer.recv(65536))
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with answering(plain) as port:
        with pytest.raises(errors.Unreachable, match=r"TLS handshake with 127\.0\.0\.1:\d+ failed") as raised:
            send(f"https://127.0.0.1:{port}")
        assert not raised.value.sent
    assert b"GET" not in got[0]


def test_missing_proxy_is_named():
    """The user looks at the proxy and not at AWS."""
    with pytest.raises(errors.Unreachable, match=r"through the proxy 127\.0\.0\.1:9") as raised:
        send("https://sts.amazonaws.com", env={"HTTPS_PROXY": "http://127.0.0.1:9"})
    assert "HTTPS_PROXY" in raised.value.hint


@pytest.mark.parametrize("status", ["403 Forbidden", "407 Proxy Authentication Required"])
def test_proxys_answer_is_shown(status):
    """A filter that allows no tunnel differs from a proxy that wants a password."""
    answer = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()
    with answering(lambda peer: (peer.recv(65536), peer.sendall(answer))) as port:
        with pytest.raises(
            errors.Unreachable, match=f"proxy 127.0.0.1:{port}: the proxy answered {status}$"
        ) as raised:
            send("https://sts.example.test", env={"HTTPS_PROXY": f"http://127.0.0.1:{port}"})
        assert not raised.value.sent


def test_invalid_host_name():
    """A label too long for DNS is never looked up, and "Success" would be no reason."""
    with pytest.raises(errors.Unreachable, match=f"DNS lookup failed for {'x' * 70}.example: "):
        send(f"http://{'x' * 70}.example")


def test_unknown_host_name(monkeypatch):
    """A machine without a network, or a misspelled endpoint."""

    def unknown(*_args, **_more):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(_socket, "getaddrinfo", unknown)
    with pytest.raises(errors.Unreachable, match=r"DNS lookup failed for sts\.example: ") as raised:
        send("http://sts.example")
    assert not raised.value.sent
