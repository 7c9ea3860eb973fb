"""Which certificates vouch for AWS: a bundle, the machine's, or those that botocore brings along. Opens no connection."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from vault import errors
from vault.text import safe

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping


def machine_trust(env: Mapping[str, str]) -> ssl.SSLContext:
    """The trust of a call that no profile has a bundle for."""
    return trust_in(env.get("AWS_CA_BUNDLE") or None, "AWS_CA_BUNDLE")


def trust_in(bundle: str | None, name: str) -> ssl.SSLContext:
    """What vouches for AWS: the bundle that ``name`` gives, else the machine's certificates, else botocore's."""
    import ssl

    try:
        if bundle is not None and not os.path.isfile(bundle):
            raise FileNotFoundError  # OpenSSL would wait on a pipe for ever
        context = ssl.create_default_context(cafile=bundle)
        if bundle is None and not _machine_has_certificates():
            context.load_verify_locations(cafile=_botocores_certificates())
    except (OSError, ssl.SSLError):
        raise errors.ConfigError(
            f"{name} names {safe(bundle or '')}, which holds no certificates that can be read"
            if bundle
            else "this machine has no certificates to know AWS by",
            hint="install your system's package of CA certificates, or set AWS_CA_BUNDLE",
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _machine_has_certificates() -> bool:
    import ssl

    if sys.platform == "win32":
        return (
            True  # the system's own store; on a Mac Python reads files, as here, which not every build brings
        )
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or (paths.capath and os.listdir(paths.capath)))


def _botocores_certificates() -> str:
    """The file that botocore brings along, found without importing it."""
    spec = find_spec("botocore")
    return (
        os.path.join(*(spec.submodule_search_locations or [""])[:1], "cacert.pem") if spec is not None else ""
    )
