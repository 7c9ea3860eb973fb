"""Servers that a TLS client must refuse, and those that would keep it waiting."""

from __future__ import annotations

import _socket
import _ssl
import contextlib
import ipaddress
import socket
import threading
import time

import pytest
from cryptography import x509

from tests.certificates import issued, self_signed
from tests.patience import PATIENCE
from tests.unit.aws.exchange import send
from tests.unit.http.test_tls import Server, context, echo
from vault import errors
from vault.http import tls

NAME = "sts.example.com"
DNS, ADDRESS = x509.DNSName, ipaddress.ip_address
CLIENT = x509.ExtendedKeyUsageOID.CLIENT_AUTH


def handshake(ca, chain, name):
    with Server(chain, echo) as server:
        tls.encrypted(server.connect(), context((ca,)), name, timeout=PATIENCE).close()


@pytest.mark.parametrize(
    ("names", "name"),
    [
        ([DNS(NAME)], NAME),
        ([DNS("*.example.com")], NAME),
        ([DNS("xn--bcher-kva.example")], "b\u00fccher.example"),
        ([x509.IPAddress(ADDRESS("127.0.0.1"))], "127.0.0.1"),
        ([x509.IPAddress(ADDRESS("::1"))], "::1"),
    ],
)
def test_server_of_that_name_is_accepted(tmp_path, names, name):
    """The refusals below have no other reason."""
    handshake(*issued(tmp_path, *names), name)


@pytest.mark.parametrize(
    ("names", "name"),
    [
        ([DNS("*.example.com")], "a.sts.example.com"),
        ([DNS("*.example.com")], "example.com"),
        ([DNS("s*.example.com")], NAME),
        ([DNS("*.com")], "example.com"),
        ([DNS("*")], "example"),
        ([DNS(NAME)], f"{NAME}."),
        ([DNS("127.0.0.1")], "127.0.0.1"),
        ([DNS("*.0.0.1")], "127.0.0.1"),
        ([x509.IPAddress(ADDRESS("127.0.0.2"))], "127.0.0.1"),
        ([x509.UniformResourceIdentifier(f"https://{NAME}")], NAME),
        ([DNS(f"{NAME}\0.example.net")], NAME),
    ],
)
def test_server_of_another_name_is_refused(tmp_path, names, name):
    """Also if its CA is trusted, and if the certificate's common name is the right one but names others beside it."""
    with pytest.raises(tls.CertificateRefused):
        handshake(*issued(tmp_path, DNS("other.example.com"), *names, common=name), name)


@pytest.mark.parametrize("more", [{"days": -1}, {"usage": CLIENT}])
def test_certificate_that_is_not_a_servers_now_is_refused(tmp_path, more):
    """It has expired, or is a client's."""
    with pytest.raises(tls.CertificateRefused):
        handshake(*issued(tmp_path, DNS(NAME), **more), NAME)


def test_older_version_of_tls_is_refused(tmp_path):
    """TLS 1.2 is the least."""
    import ssl

    ca, chain = issued(tmp_path, DNS(NAME))
    with Server(chain, echo) as server:
        with pytest.warns(DeprecationWarning):
            server.context.minimum_version = ssl.TLSVersion.TLSv1_1
        with pytest.warns(DeprecationWarning):
            server.context.maximum_version = ssl.TLSVersion.TLSv1_1
        server.context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises(tls.TlsError):
            tls.encrypted(server.connect(), context((ca,)), NAME, timeout=PATIENCE)


def test_a_later_version_that_the_system_demands_stays_the_least(monkeypatch):
    """A setting of its administrator for OpenSSL, which not every build of Python keeps."""

    class Demanding:
        check_hostname, verify_mode, minimum_version = True, _ssl.CERT_REQUIRED, _ssl.PROTO_TLSv1_3

        def __init__(self, _protocol):
            pass

    monkeypatch.setattr(_ssl, "_SSLContext", Demanding)
    assert tls.client_context().minimum_version == _ssl.PROTO_TLSv1_3


@contextlib.contextmanager
def listening(act):
    """A connected socket, whose other end gets ``act``."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sock = _socket.socket()
        sock.connect(listener.getsockname())
        peer, _ = listener.accept()
        thread = threading.Thread(target=act, args=(peer,), daemon=True)
        thread.start()
        yield sock
        peer.close()
        thread.join(PATIENCE)


def test_trickling_handshake_ends_at_its_limit():
    """A record's header, and then a byte now and then: each of them comes in time."""

    def trickle(peer):
        with contextlib.suppress(OSError):
            peer.sendall(b"\x16\x03\x03\x40\x00")
            for _ in range(200):
                peer.sendall(b"\x02")
                time.sleep(0.02)

    with listening(trickle) as sock, pytest.raises(TimeoutError):
        tls.encrypted(sock, tls.client_context(), NAME, timeout=0.3)


def test_server_that_hardly_reads_is_given_up(tmp_path):
    """The limit is for all of what is sent, not for each piece of it."""
    ca, chain = issued(tmp_path, DNS(NAME))
    end = threading.Event()

    def sip(connection):
        while not end.wait(0.02):
            connection.recv(16_384)

    with Server(chain, sip) as server:
        connection = tls.encrypted(server.connect(), context((ca,)), NAME, timeout=PATIENCE)
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.sendall(bytes(64 * 1024 * 1024))
        end.set()
        connection.close()


def test_proxy_that_answers_itself_is_refused(tmp_path, monkeypatch):
    """It has opened no tunnel, and has a certificate of that name that nobody trusts."""
    trusted, other = tmp_path / "trusted", tmp_path / "other"
    trusted.mkdir()
    other.mkdir()
    ca, _ = issued(trusted, DNS(NAME))
    chain, key = self_signed(other, NAME)
    heard = []

    def lie(peer):
        import ssl

        request = b""
        while b"\r\n\r\n" not in request:
            request += peer.recv(4096)
        peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        liar = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        liar.load_cert_chain(chain, key)
        with liar.wrap_socket(peer, server_side=True) as whole:
            heard.append(whole.recv(4096))

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            peer, _ = listener.accept()
            with peer, contextlib.suppress(OSError):
                lie(peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(errors.Unreachable, match="is not trusted"):
            send(
                f"https://{NAME}",
                env={"HTTPS_PROXY": f"http://127.0.0.1:{listener.getsockname()[1]}", "AWS_CA_BUNDLE": ca},
            )
        thread.join(PATIENCE)
    assert heard in ([], [b""])
