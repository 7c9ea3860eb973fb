"""TLS by the module in C: verified as by ssl, and without its import."""

from __future__ import annotations

import _socket
import _ssl
import contextlib
import socket
import ssl
import subprocess
import sys
import threading

import pytest

from tests.certificates import self_signed
from tests.patience import PATIENCE
from vault.http import tls

NAME = "sts.example.com"
BIG = bytes(range(256)) * 4096  # many TLS records


class Server:
    """Accepts one connection after the other, and does ``talk`` with each after its handshake."""

    def __init__(self, certificate, talk):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificate)
        self.talk = talk
        self.listener = socket.create_server(("127.0.0.1", 0))

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with (
                    contextlib.suppress(OSError),
                    connection,
                    self.context.wrap_socket(connection, server_side=True) as whole,
                ):
                    self.talk(whole)

    def connect(self):
        sock = _socket.socket()
        sock.connect(self.listener.getsockname())
        return sock


def echo(connection):
    """Everything back, as much as comes."""
    while block := connection.recv(65536):
        connection.sendall(block)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("tls"), NAME)


def context(certificate):
    made = tls.client_context()
    made.load_verify_locations(cafile=certificate[0])
    return made


@pytest.fixture(params=["_ssl", "ssl"])
def either_way(request, monkeypatch):
    """With the module in C as it is, and with one that has no such context any more."""
    if request.param == "ssl":
        monkeypatch.delattr(_ssl, "_SSLContext")


@pytest.mark.usefixtures("either_way")
def test_what_is_sent_comes_back(certificate):
    """Also much more than one record."""
    with Server(certificate, echo) as server:
        connection = tls.encrypted(server.connect(), context(certificate), NAME, timeout=PATIENCE)
        threading.Thread(target=connection.sendall, args=(BIG,), daemon=True).start()
        found = b""
        while len(found) < len(BIG):
            found += connection.recv(65536)
        assert found == BIG
        connection.close()


@pytest.mark.usefixtures("either_way")
def test_another_name_is_refused(certificate):
    """A certificate of another host's, although its maker is trusted."""
    with Server(certificate, echo) as server, pytest.raises(tls.CertificateRefused, match="ostname mismatch"):
        tls.encrypted(server.connect(), context(certificate), "iam.example.com", timeout=PATIENCE)


@pytest.mark.usefixtures("either_way")
def test_a_certificate_that_nobody_trusts_is_refused(certificate):
    """A new context trusts none."""
    with Server(certificate, echo) as server, pytest.raises(tls.CertificateRefused):
        tls.encrypted(server.connect(), tls.client_context(), NAME, timeout=PATIENCE)


@pytest.mark.usefixtures("either_way")
def test_a_context_verifies_as_that_of_ssl_does():
    """Option by option."""
    made, usual = tls.client_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    usual.minimum_version = ssl.TLSVersion.TLSv1_2
    for name in (
        "check_hostname",
        "verify_mode",
        "verify_flags",
        "minimum_version",
        "maximum_version",
        "options",
        "_host_flags",
    ):
        assert getattr(made, name) == getattr(usual, name), name
    assert made.get_ciphers() == usual.get_ciphers()


def test_a_context_that_does_not_verify_is_never_used(monkeypatch):
    """Whatever a later version of Python makes of it."""

    class Careless:
        check_hostname = False
        verify_mode = ssl.CERT_REQUIRED

        def __init__(self, _protocol):
            pass

    monkeypatch.setattr(_ssl, "_SSLContext", Careless)
    with pytest.raises(AssertionError):
        tls.client_context()


def test_an_end_that_is_not_announced_is_the_end(certificate):
    """As with ssl: the length of an HTTP answer tells whether it is whole."""

    def cut(connection):
        connection.sendall(b"part")
        connection.shutdown(socket.SHUT_RDWR)

    with Server(certificate, cut) as server:
        connection = tls.encrypted(server.connect(), context(certificate), NAME, timeout=PATIENCE)
        assert connection.recv(100) == b"part"
        assert connection.recv(100) == b""
        connection.close()


def test_without_a_wait_nothing_to_read_is_said(certificate):
    """The pool asks this of an idle connection."""
    with Server(certificate, echo) as server:
        connection = tls.encrypted(server.connect(), context(certificate), NAME, timeout=PATIENCE)
        connection.sendall(b"x")
        assert connection.recv(1) == b"x"
        connection.settimeout(0)
        with pytest.raises(tls.NothingToRead):
            connection.recv(1)
        connection.close()


def test_a_server_that_is_silent_is_given_up():
    """The handshake ends at its limit, and the connection is closed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sock = _socket.socket()
        sock.connect(listener.getsockname())
        accepted, _ = listener.accept()
        with pytest.raises(TimeoutError):
            tls.encrypted(sock, tls.client_context(), NAME, timeout=0.05)
        accepted.settimeout(PATIENCE)
        while accepted.recv(65536):  # its greeting, and then the end
            pass
        accepted.close()


@pytest.mark.parametrize("name", ["", ".", "a\0b", "x" * 70 + ".ex\u00e4mple"])
def test_a_name_that_is_none_is_an_error(name, certificate):
    """ValueError, of which UnicodeError is one."""
    with Server(certificate, echo) as server, pytest.raises((ValueError, TypeError)):
        tls.encrypted(server.connect(), context(certificate), name, timeout=PATIENCE)


@pytest.mark.usefixtures("unmeasured")
def test_ssl_is_not_imported():
    """Its import takes twice as long as the start of Python."""
    code = "import sys\nfrom vault.http import tls\ntls.client_context()\nprint(sorted({'ssl', 'socket', 'enum', 're'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
