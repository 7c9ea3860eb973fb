"""The host, port and path of an endpoint's URL. Pure; opens no connection."""

from __future__ import annotations

from vault.records import NamedTuple

_DEFAULT_PORTS = {"https": 443, "http": 80}
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-")
_PATH = _NAME | frozenset("/_")


class Target(NamedTuple):
    """The parts of a URL that a request may go to. ``name`` is the host without brackets; ``port`` is None if the URL has none."""

    scheme: str
    name: str
    port: int | None
    path: str

    @property
    def host(self) -> str:
        """The Host header: without the port if it is the scheme's default."""
        default = self.port in (None, _DEFAULT_PORTS[self.scheme])
        return self.bracketed if default else f"{self.bracketed}:{self.port}"

    @property
    def bracketed(self) -> str:
        """The host as a URL has it: an IPv6 address in brackets."""
        return f"[{self.name}]" if ":" in self.name else self.name

    @property
    def effective_port(self) -> int:
        """The port that a connection uses."""
        return self.port or _DEFAULT_PORTS[self.scheme]


def parse_target(url: str) -> Target | None:
    """The parts of an http or https URL without user, query or fragment; None for anything else."""
    plain = plain_target(url)
    if plain is not None:
        return plain
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    extra = "@" in parts.netloc or parts.query or parts.fragment
    if parts.scheme not in _DEFAULT_PORTS or not name or extra:
        return None
    return Target(parts.scheme, name, port, parts.path or "/")


def plain_target(url: str) -> Target | None:
    """The parts of a URL of the usual form; None for any other. Saves the import of urllib.parse."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in _DEFAULT_PORTS:
        return None
    where, slash, path = rest.partition("/")
    name, colon, port = where.partition(":")
    if not name or not _NAME.issuperset(name) or not _PATH.issuperset(path):
        return None
    if not colon:
        return Target(scheme, name, None, slash + path or "/")
    usual = port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65_535
    return Target(scheme, name, int(port), slash + path or "/") if usual else None
