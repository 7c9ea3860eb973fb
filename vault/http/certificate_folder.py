"""The machine's CA certificates, which OpenSSL finds in a file and a folder.

To read the whole file takes three times as long as Python's start. Of the folder, OpenSSL reads what it needs (docs/decisions/0017).
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HEX = frozenset("0123456789abcdef")


def folder_context() -> Any | None:
    """A TLS context that trusts the certificates in the machine's folder, and no others.

    None if there is no folder with names by which OpenSSL finds a certificate, or if only SSL_CERT_FILE says where to look. What this
    context refuses may be trusted all the same: by a certificate that only the file has.
    """
    if sys.platform == "win32" or ("SSL_CERT_FILE" in os.environ and "SSL_CERT_DIR" not in os.environ):
        return None
    from _ssl import get_default_verify_paths

    from vault.http import tls

    folders = os.environ.get("SSL_CERT_DIR", get_default_verify_paths()[3])
    if not any(map(_hashed, folders.split(os.pathsep))):
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


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder) if folder else []
    except (OSError, ValueError):
        return []


def _hashed(folder: str) -> bool:
    """Whether a name in the folder is that of a certificate by the hash of its subject, as c_rehash gives it: ``5ad8a5d6.0``."""
    names = _names(folder)
    return any(name[8:9] == "." and name[9:].isdigit() and _HEX.issuperset(name[:8]) for name in names)
