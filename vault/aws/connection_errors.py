"""Failures to connect as errors that name the host and the cause. Pure."""

from __future__ import annotations

import os
import socket

from vault import errors
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl

    from vault.aws.proxies import Proxy
    from vault.aws.target import Target


def tls_failed(to: Target, error: ssl.SSLError) -> errors.Unreachable:
    """The error for a TLS handshake that failed, or a certificate that did not verify."""
    import ssl

    where = safe(to.host)
    if isinstance(error, ssl.SSLCertVerificationError):
        return errors.Unreachable(
            f"the certificate of {where} is not trusted: {safe(error.verify_message)}",
            hint="where a proxy of your company opens TLS, name its certificates in AWS_CA_BUNDLE",
        )
    return errors.Unreachable(f"TLS with {where} failed")


def not_connected(to: Target, proxy: Proxy | None, error: Exception) -> errors.Unreachable:
    """The error for a TCP connection, a DNS lookup or a proxy's tunnel that failed."""
    where = safe(to.host)
    if proxy is not None:
        _, refused, reply = str(error).partition("Tunnel connection failed: ")  # http.client's words
        return errors.Unreachable(
            f"no connection to {where} through the proxy {safe(proxy.name)}:{proxy.port}"
            + (f", which answered {safe(reply, limit=80)}" if refused else ""),
            hint="check HTTPS_PROXY, HTTP_PROXY and NO_PROXY",
        )
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return errors.Unreachable(f"no connection to {where}: no name server answers")
    if isinstance(error, (socket.gaierror, UnicodeError)):  # UnicodeError: not a DNS name at all
        return errors.Unreachable(f"no connection to {where}: its name is not known here")
    timed_out = isinstance(error, TimeoutError)
    reason = "no answer in time" if timed_out else os.strerror(getattr(error, "errno", 0) or 0)
    return errors.Unreachable(f"no connection to {where}: {reason}")
