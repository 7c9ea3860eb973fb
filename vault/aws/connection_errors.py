"""Errors for connections that fail: each names the host and the cause. Pure."""

from __future__ import annotations

import _socket
import os

from vault import errors
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.proxies import Proxy
    from vault.http.target import Target
    from vault.http.tls import TlsError


class TunnelRefused(OSError):
    """A proxy refused to connect; the text is its answer's first line."""


def tls_failed(to: Target, error: TlsError) -> errors.Unreachable:
    """The error for a TLS handshake that failed, or a certificate that did not verify."""
    from vault.http.tls import CertificateRefused

    where = safe(to.host)
    if isinstance(error, CertificateRefused):
        return errors.Unreachable(
            f"the TLS certificate of {where} is not trusted: {safe(error.verify_message)}",
            hint="if a company proxy intercepts TLS, set AWS_CA_BUNDLE to the file with its certificates",
        )
    return errors.Unreachable(f"the TLS handshake with {where} failed")


def not_connected(to: Target, proxy: Proxy | None, error: Exception) -> errors.Unreachable:
    """The error for a TCP connection, a DNS lookup or a proxy's tunnel that failed."""
    where = safe(to.host)
    if proxy is not None:
        refused, reply = isinstance(error, TunnelRefused), str(error)
        return errors.Unreachable(
            f"cannot connect to {where} through the proxy {safe(proxy.name)}:{proxy.port}"
            + (f": the proxy answered {safe(reply, limit=80)}" if refused else ""),
            hint="check HTTPS_PROXY, HTTP_PROXY and NO_PROXY",
        )
    if isinstance(error, _socket.gaierror) and error.errno == _socket.EAI_AGAIN:
        return errors.Unreachable(f"DNS lookup failed for {safe(to.name)}: no name server answered")
    if isinstance(error, (_socket.gaierror, UnicodeError)):  # UnicodeError: not a DNS name at all
        return errors.Unreachable(f"DNS lookup failed for {safe(to.name)}: unknown host")
    timed_out = isinstance(error, TimeoutError)
    reason = "timed out" if timed_out else os.strerror(getattr(error, "errno", 0) or 0)
    return errors.Unreachable(f"cannot connect to {where}: {reason}")
