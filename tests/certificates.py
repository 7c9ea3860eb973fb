"""Certificates for tests: made in place, valid for the loopback, trusted by nobody."""

from __future__ import annotations

import datetime as dt
import ipaddress
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def issued(
    folder,
    *names: x509.GeneralName,
    common: str = "server",
    days: int = 1,
    usage: x509.ObjectIdentifier | None = None,
) -> tuple[str, tuple[str, str]]:
    """The paths of a CA's certificate, and of a chain that it issued for ``names`` with its key.

    ``days``: how long the chain is still valid, or since when it is not. ``usage``: the only one that is allowed.
    """
    now = dt.datetime.now(dt.UTC)
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))

    def made(subject: str, public, until: dt.datetime, *extensions: x509.ExtensionType) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a CA of tests")]))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=9))
            .not_valid_after(until)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    more: list[x509.ExtensionType] = [x509.SubjectAlternativeName(names)] if names else []
    more += [x509.ExtendedKeyUsage([usage])] if usage is not None else []
    ca, chain, private = folder / "ca.pem", folder / "chain.pem", folder / "key.pem"
    ca.write_bytes(
        made(
            "a CA of tests",
            ca_key.public_key(),
            now + dt.timedelta(days=1),
            x509.BasicConstraints(ca=True, path_length=None),
        )
    )
    chain.write_bytes(made(common, key.public_key(), now + dt.timedelta(days=days), *more))
    _write_key(private, key)
    return str(ca), (str(chain), str(private))


def _write_key(path, key: ec.EllipticCurvePrivateKey) -> None:
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def self_signed(folder, *hosts: str, ended: bool = False, for_clients: bool = False) -> tuple[str, str]:
    """The paths of a certificate for 127.0.0.1, localhost and ``hosts``, and of its key.

    ``ended``: it was good until an hour ago. ``for_clients``: it may not be that of a server.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    ends = now + (dt.timedelta(hours=-1) if ended else dt.timedelta(days=1))
    names = [*map(x509.DNSName, ("localhost", *hosts)), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    if for_clients:
        use = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = builder.add_extension(use, critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    chain, private = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    _write_key(private, key)
    return str(chain), str(private)


def refused_for_servers(certificate: str, path) -> str:
    """``certificate`` at ``path`` in OpenSSL's own form, which says that it is not trusted for servers."""
    words = ["openssl", "x509", "-addreject", "serverAuth", "-trustout", "-in", certificate]
    path.write_bytes(subprocess.run(words, capture_output=True, check=True).stdout)
    return str(path)


def subject_hash(certificate: str) -> str:
    """The hash in the file name by which OpenSSL finds a certificate in a folder."""
    words = ["openssl", "x509", "-subject_hash", "-noout", "-in", certificate]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
