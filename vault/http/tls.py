"""TLS over a connected socket, by the module in C that ssl wraps. Importing ssl takes twice as long as starting Python.

The contexts are those of ssl: the certificate and the name in it are verified by OpenSSL, and TLS 1.2 is the least. Where the
module in C is not as it was, ssl does the same.
"""

from __future__ import annotations

import _socket
import sys
from _ssl import CERT_REQUIRED, PROTOCOL_TLS_CLIENT, SSL_ERROR_EOF, PROTO_TLSv1_2
from _ssl import SSLCertVerificationError as CertificateRefused
from _ssl import SSLError as TlsError
from _ssl import SSLWantReadError as NothingToRead

__all__ = ["CertificateRefused", "NothingToRead", "TlsError", "TlsSocket", "client_context", "encrypted"]
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Socket(_socket.socket):
    """A socket to which the module in C can keep a weak reference."""

    __slots__ = ("__weakref__",)


class TlsSocket:
    """What is read and written is encrypted. Errors: TlsError, TimeoutError, OSError."""

    __slots__ = ("_sock", "_tls")

    def __init__(self, sock: _Socket, tls: Any) -> None:
        self._sock = sock
        self._tls = tls

    def settimeout(self, seconds: float) -> None:
        """Limit each of the following calls."""
        self._sock.settimeout(seconds)

    def sendall(self, data: bytes) -> None:
        """Send all of ``data``."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._tls.write(rest) :]

    def recv(self, size: int) -> bytes:
        """At most ``size`` bytes; none at the end, also if the other end did not announce it."""
        try:
            return bytes(self._tls.read(size))
        except TlsError as error:
            if error.args[0] == SSL_ERROR_EOF:
                return b""
            raise

    def close(self) -> None:
        """Close the connection."""
        self._sock.close()


def client_context() -> Any:
    """A context that verifies the server's certificate and name. It trusts no certificate yet."""
    try:
        from _ssl import _SSLContext

        made: Any = None if sys.platform == "win32" else _SSLContext(PROTOCOL_TLS_CLIENT)
    except (ImportError, TypeError):
        made = None
    if made is None:
        import ssl

        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not made.check_hostname or made.verify_mode != CERT_REQUIRED:
        raise AssertionError("a context that does not verify")
    # The system's settings for OpenSSL may demand more.
    made.minimum_version = max(made.minimum_version, PROTO_TLSv1_2)
    return made


def encrypted(sock: _socket.socket, context: Any, name: str, *, timeout: float) -> TlsSocket:
    """``sock`` after a handshake with the host ``name``, verified. It is closed on an error. TlsError, TimeoutError, OSError."""
    whole = _Socket(fileno=sock.detach())
    try:
        whole.settimeout(timeout)
        host = name if name.isascii() else name.encode("idna").decode("ascii")
        tls = context._wrap_socket(whole, False, host)  # noqa: SLF001  # what wrap_socket calls
        tls.do_handshake()
    except BaseException:
        whole.close()
        raise
    return TlsSocket(whole, tls)
