"""The proxy of a call, as the environment names it and as AWS's tools read it. Opens no connection."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from vault import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.aws.wire import Target


class Proxy(NamedTuple):
    """An HTTP proxy; ``authorization`` is the ready header, or empty."""

    name: str
    port: int
    authorization: str


def proxy_for(to: Target, env: Mapping[str, str]) -> Proxy | None:
    """The proxy that the environment names for ``to``: lower-case variables first, as in AWS's tools. ConfigError."""
    variable = f"{to.scheme}_proxy"
    url = _either(env, variable)  # not ALL_PROXY: no AWS tool reads it, and it often names a SOCKS proxy
    if not url or _bypassed(to, _either(env, "no_proxy")):
        return None
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        name, port = parts.hostname or "", parts.port
    except ValueError:
        name, port, parts = "", None, urlsplit("")
    if not name or parts.scheme != "http":
        raise errors.ConfigError(
            f"{variable.upper()} is not the address of an http proxy",
            hint="write http://HOST:PORT; the tunnel inside is TLS",
        )
    authorization = ""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        authorization = "Basic " + base64.b64encode(pair).decode("ascii")
    return Proxy(name, port or 80, authorization)


def _either(env: Mapping[str, str], name: str) -> str:
    return env.get(name) or env.get(name.upper()) or ""


def _bypassed(to: Target, listed: str) -> bool:
    for word in listed.replace(" ", ",").lower().split(","):
        entry = word.strip().lstrip(".")
        if (
            entry in ("*", to.name)
            or (entry and to.name.endswith(f".{entry}"))
            or entry == f"{to.name}:{to.port}"
        ):
            return True
    return False
