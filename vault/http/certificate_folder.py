"""The machine's CA certificates, which OpenSSL finds in a file and a folder.

To read the whole file takes three times as long as Python's start. Of the folder, OpenSSL reads what it needs (docs/decisions/0017).
"""

from __future__ import annotations

import os
import sys

from vault.system.quick_read import read_quickly

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HEX = frozenset("0123456789abcdef")
_REFUSES = b"TRUSTED CERTIFICATE"  # OpenSSL's own form, which may say what a certificate is not good for
_MOST = 4 * 1024 * 1024  # bytes of a file of certificates; the usual one has a quarter of a MiB


def folder_context() -> Any | None:
    """A TLS context that trusts the certificates in the machine's folder, and no others.

    None if there is no folder with names by which OpenSSL finds a certificate, if only SSL_CERT_FILE says where to look, or if the file
    may refuse what the folder trusts. What this context refuses may be trusted all the same: by a certificate that only the file has.
    """
    if sys.platform == "win32" or ("SSL_CERT_FILE" in os.environ and "SSL_CERT_DIR" not in os.environ):
        return None
    from _ssl import get_default_verify_paths

    from vault.http import tls

    _, file, _, folders = get_default_verify_paths()
    file, folders = os.environ.get("SSL_CERT_FILE", file), os.environ.get("SSL_CERT_DIR", folders)
    if not any(map(_hashed, folders.split(os.pathsep))) or _may_refuse(file):
        return None
    found = tls.client_context()
    try:
        found.load_verify_locations(capath=folders)
    except (OSError, ValueError):
        return None
    return found


def machine_has_certificates() -> bool:
    """Whether OpenSSL's file or folder of certificates is there."""
    from _ssl import get_default_verify_paths

    if sys.platform == "win32":
        return True  # the system's store; on a Mac, Python reads files as it does here, and not every build has them
    _, file, _, folders = get_default_verify_paths()
    file, folders = os.environ.get("SSL_CERT_FILE", file), os.environ.get("SSL_CERT_DIR") or folders
    return os.path.isfile(file) or any(map(_names, folders.split(os.pathsep)))


def _may_refuse(file: str) -> bool:
    """Whether the file may say of a certificate that it is not trusted: OpenSSL reads the file before the folder."""
    found = read_quickly(file, limit=_MOST)
    return _REFUSES in found or (not found and os.path.exists(file))


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder) if folder else []
    except (OSError, ValueError):
        return []


def _hashed(folder: str) -> bool:
    """Whether a name in the folder is that of a certificate by the hash of its subject, as c_rehash gives it: ``5ad8a5d6.0``."""
    names = _names(folder)
    return any(name[8:9] == "." and name[9:].isdigit() and _HEX.issuperset(name[:8]) for name in names)
