"""Which CA certificates verify AWS: a bundle, the machine's, or those of the botocore package. Opens no connection.

AWS_CA_BUNDLE, the selected profile's ca_bundle and REQUESTS_CA_BUNDLE name a bundle, in this order, as in AWS's tools.
OpenSSL finds the machine's certificates, in a file and a folder; SSL_CERT_FILE and SSL_CERT_DIR change where it looks.
"""

from __future__ import annotations

import os
import sys

from vault import errors
from vault.records import NamedTuple
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from vault.profiles.aws_files import Setting


class CaBundle(NamedTuple):
    """A file of certificates: its path, the setting's value, and the setting's place (a variable, or a line of AWS's files)."""

    path: str
    written: str
    place: str


def chosen_bundle(env: Mapping[str, str], configured: Setting | None) -> CaBundle | None:
    """The bundle to use, in the order of AWS's tools. ``configured`` is the selected profile's ca_bundle."""
    for variable in ("AWS_CA_BUNDLE", "", "REQUESTS_CA_BUNDLE"):
        if variable and env.get(variable):
            return CaBundle(os.path.expanduser(env[variable]), env[variable], variable)
        if not variable and configured is not None and configured.value:
            place = f"{configured.origin}: {configured.name}"
            return CaBundle(os.path.expanduser(configured.value), configured.value, place)
    return None


def folder_context() -> Any | None:
    """A TLS context that trusts a part of what ``ssl_context(None)`` does, and is made in less time; None if there is none."""
    if _odd_cert_file() is not None:
        return None
    from vault.http import certificate_folder

    return certificate_folder.folder_context()


def ssl_context(chosen: CaBundle | None) -> Any:
    """A TLS context that trusts ``chosen``, otherwise the machine's certificates, otherwise botocore's. ConfigError.

    Not ssl.create_default_context: that also writes the keys of each connection to the file in SSLKEYLOGFILE, and since
    Python 3.13 it refuses certificates of company proxies that AWS's tools accept.
    """
    from vault.http import certificate_folder, tls

    chosen = chosen or _odd_cert_file()
    found = tls.client_context()
    try:
        if chosen is not None:
            if not os.path.isfile(chosen.path):
                raise FileNotFoundError  # OpenSSL would wait forever on a pipe
            found.load_verify_locations(cafile=chosen.path)
        else:
            found.load_default_certs() if sys.platform == "win32" else found.set_default_verify_paths()
            if not certificate_folder.machine_has_certificates():
                found.load_verify_locations(cafile=_botocores_certificates())
    except (OSError, tls.TlsError):
        raise errors.ConfigError(
            f"{chosen.place}: cannot read certificates from {safe(chosen.written)}"
            if chosen is not None
            else "this machine has no CA certificates, so AWS cannot be verified",
            hint="name a file with certificates in PEM format, or remove the setting"
            if chosen is not None
            else "install your system's CA certificates package, or set AWS_CA_BUNDLE",
        ) from None
    return found


def _odd_cert_file() -> CaBundle | None:
    """SSL_CERT_FILE if it names something that is not a regular file: OpenSSL would wait on it forever."""
    name = os.environ.get("SSL_CERT_FILE", "")
    irregular = os.path.exists(name) and not os.path.isfile(name)
    return CaBundle(name, name, "SSL_CERT_FILE") if irregular else None


def _botocores_certificates() -> str:
    """The file of the botocore package, found without importing it."""
    from importlib.util import find_spec

    spec = find_spec("botocore")
    return (
        os.path.join(*(spec.submodule_search_locations or [""])[:1], "cacert.pem") if spec is not None else ""
    )
