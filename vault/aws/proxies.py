"""The proxy for a call, from the environment, as AWS's tools read it. Opens no connection."""

from __future__ import annotations

from vault import errors
from vault.http.ip_addresses import is_loopback
from vault.http.target import plain_target
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.http.target import Target

_END = "_proxy"


class Proxy(NamedTuple):
    """An HTTP proxy. ``authorization`` is the value of the header, or empty."""

    name: str
    port: int
    authorization: str


def proxy_for(to: Target, env: Mapping[str, str]) -> Proxy | None:
    """The proxy that the environment sets for ``to``, as botocore finds it; never for this machine itself. ConfigError."""
    if is_loopback(to.name):
        return None  # for the proxy, that name is the proxy's own machine
    named = _named(env)
    variable, url = named.get(to.scheme, ("", ""))  # not ALL_PROXY, which AWS's tools do not read
    if not url or _bypassed(to, named.get("no", ("", ""))[1]):
        return None
    plain = plain_target(_with_scheme(url))
    if plain is not None and plain.scheme == "http":
        return Proxy(plain.name, plain.port or 80, "")
    from urllib.parse import unquote, urlsplit

    try:
        parts = urlsplit(_with_scheme(url))
        name, port = parts.hostname or "", parts.port
    except ValueError:
        name, port, parts = "", None, urlsplit("")
    if not name or parts.scheme != "http":
        raise errors.ConfigError(
            f"{variable} is not the URL of an HTTP proxy",
            hint="write http://HOST:PORT; calls to AWS through it are still encrypted with TLS",
        )
    authorization = ""
    if parts.username is not None:
        from binascii import b2a_base64

        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        authorization = "Basic " + b2a_base64(pair, newline=False).decode("ascii")
    return Proxy(name, port or 80, authorization)


def _named(env: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """The variables SCHEME_proxy by scheme, each with its name and value, as urllib.request reads them for botocore.

    A lowercase name takes precedence; if it is empty, it turns the others off. In a CGI program, HTTP_PROXY is a header
    that the client sent, so it is ignored.
    """
    found = {}
    for variable, value in env.items():
        if value and variable.lower().endswith(_END):
            found[variable.lower().removesuffix(_END)] = (variable, value)
    if "REQUEST_METHOD" in env:
        found.pop("http", None)
    for variable, value in env.items():
        if variable.endswith(_END):
            scheme = variable.lower().removesuffix(_END)
            found.pop(scheme, None)
            if value:
                found[scheme] = (variable, value)
    return found


def _with_scheme(url: str) -> str:
    if url.startswith("//"):
        return f"http:{url}"
    return url if "://" in url else f"http://{url}"


def _bypassed(to: Target, listed: str) -> bool:
    """Whether ``no_proxy`` lists ``to``: by name, by name and port as in the endpoint, or by the end of its domain."""
    if listed == "*":
        return True
    hosts = (to.bracketed, to.bracketed if to.port is None else f"{to.bracketed}:{to.port}")
    for word in listed.lower().split(","):
        entry = word.strip().lstrip(".")
        if entry and any(host == entry or host.endswith(f".{entry}") for host in hosts):
            return True
    return False
