"""Finds what the shell prompt and completion show (names, guard rails, expiry) within milliseconds. Uses no network.

This runs at every prompt and every press of Tab. So nothing here parses AWS's files completely, imports click or unlocks
the vault: sections are found by searching the bytes, and every import counts (docs/performance.md). `awsvault-py explain`
reads the files completely.
"""

import os

from vault import limits
from vault.system import timestamps
from vault.system.quick_read import read_quickly
from vault.warm import aws_files, exchange

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


_LATEST = 253_402_300_799  # the last second of the year 9999

# Characters that cannot be part of a name without quotes in a section header.
_SPLITS = frozenset(" \t\"'\\")


def names(env: "Mapping[str, str]", *, home: str) -> list[str]:
    """The names of all profiles in the order of the files, except names that are unsafe to print on a terminal."""
    config, credentials = (_read(path) for path in aws_files(env, home=home))
    found = dict.fromkeys(_config_names(config))
    found.update(dict.fromkeys(_sections(credentials)))
    return [name for name in found if name and shown(name, limit=limits.MAX_PROFILE_NAME) == name]


class PromptGuardrails:
    """The guard rails that a shell prompt shows: the environment, and whether the profile needs confirmation or is read-only."""

    __slots__ = ("confirm", "environment", "read_only")

    def __init__(self, environment: str = "", *, confirm: bool = False, read_only: bool = False) -> None:
        self.environment = environment
        self.confirm = confirm
        self.read_only = read_only


def guardrails(env: "Mapping[str, str]", profile: str, *, home: str) -> PromptGuardrails:
    """The guard rails of the profile and of the profiles that it includes, from AWS's config file."""
    raw = _read(aws_files(env, home=home)[0])
    found: dict[bytes, bytes] = {}
    seen: list[str] = []
    while profile and profile not in seen:
        seen.append(profile)
        own = _settings(raw, profile)
        plain = own.pop(b"include_profile", b"")
        profile = (own.pop(b"awsvault_include_profile", b"") or plain).decode("utf-8", "surrogateescape")
        found = own | found  # the including profile's own lines take precedence
    return PromptGuardrails(
        shown(found.get(b"awsvault_environment", b"").decode("utf-8", "replace"), limit=40),
        confirm=found.get(b"awsvault_confirm", b"never").lower() in (b"agent", b"always", b"session"),
        read_only=found.get(b"awsvault_read_only", b"").lower() in (b"true", b"yes", b"on", b"1"),
    )


def _settings(raw: bytes, profile: str) -> dict[bytes, bytes]:
    """The values in the profile's own sections, by lowercase key."""
    found = {}
    for at in _headers(raw, profile):
        for line in raw[at:].partition(b"\n[")[0].split(b"\n")[1:]:
            key, _, value = _uncommented(line).partition(b"=")
            if key[:1] not in b" \t#;":
                found[key.strip().lower()] = value.strip()
    return found


def _headers(raw: bytes, profile: str) -> "list[int]":
    """The offsets of the profile's sections, in order. Searches only for the name, because a config may be large."""
    name = profile.encode("utf-8", "surrogateescape")
    found = {}
    for end in (b"]", b'"', b"'", b" ", b"\t"):  # characters that can follow a name in its header
        at = raw.find(name + end)
        while at >= 0:
            begin = raw.rfind(b"\n", 0, at) + 1
            line = raw[begin:].partition(b"\n")[0] if raw[begin : begin + 1] == b"[" else b""
            if line and _config_names(b"\n" + line) == [profile]:
                found[begin] = b"profile" in line
            at = raw.find(name + end, at + 1)
    # [profile default] takes precedence over [default].
    plain = profile == "default" and not any(found.values())
    return [begin for begin in sorted(found) if profile != "default" or plain or found[begin]]


def _uncommented(line: bytes) -> bytes:
    """``line`` up to a # or ; after a space or tab, as the parser of AWS's files reads it."""
    for mark in (b" #", b" ;", b"\t#", b"\t;"):
        line = line.partition(mark)[0]
    return line


def _read(path: str) -> bytes:
    """The file's bytes after a leading line end. If headers are indented, as in a heredoc, strips all indentation."""
    raw = b"\n" + read_quickly(path, limit=limits.MAX_CONFIG_FILE)
    if b"\n " in raw or b"\n\t" in raw:
        lines = raw.split(b"\n")
        if any(line[:1] in (b" ", b"\t") and line.lstrip(b" \t")[:1] == b"[" for line in lines):
            raw = b"\n".join(line.lstrip(b" \t") for line in lines)
    return raw


def shown(text: str, *, limit: int) -> str:
    """``text`` for a terminal, escaped by vault/text. If nothing needs escaping, vault/text is not imported."""
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    from vault.text import safe

    return safe(text, limit=limit)


def _sections(raw: bytes) -> list[str]:
    """The text between [ and ] at the start of each line."""
    return [
        piece.partition(b"]")[0].strip().decode("utf-8", "replace")
        for piece in raw.split(b"\n[")[1:]
        if b"]" in piece.partition(b"\n")[0]
    ]


def _config_names(raw: bytes) -> list[str]:
    found = []
    for section in _sections(raw):
        first, _, rest = section.replace("\t", " ").partition(" ")
        rest = rest.strip()
        if section == "default":
            found.append(section)
        elif first == "profile" and rest:
            quoted = len(rest) > 1 and rest[0] == rest[-1] and rest[0] in "\"'"
            if quoted or _SPLITS.isdisjoint(rest):  # otherwise no tool accepts it as a name
                found.append(rest[1:-1] if quoted else rest)
    return found


class ShellState:
    """A shell's profile with its guard rails. ``left`` is the seconds until its session expires, or None if unknown."""

    __slots__ = ("guardrails", "left", "profile")

    def __init__(self, profile: str, guardrails: PromptGuardrails, left: int | None) -> None:
        self.profile = profile
        self.guardrails = guardrails
        self.left = left


def shell_state(env: "Mapping[str, str]", *, home: str, socket: str, time: float) -> "ShellState | None":
    """The state of the profile that exec set, otherwise of AWS_PROFILE; None if neither is set. ``time`` is Unix seconds."""
    inside = env.get("AWSVAULT_PROFILE", "")
    profile = inside or env.get("AWS_PROFILE") or env.get("AWS_DEFAULT_PROFILE") or ""
    if not profile:
        return None
    ends = (
        timestamps.unix(env.get("AWS_CREDENTIAL_EXPIRATION", ""))
        if inside
        else _cached_expiry(env, profile, socket)
    )
    left = None if ends is None else max(0, int(ends - time))
    return ShellState(profile, guardrails(env, profile, home=home), left)


def _cached_expiry(env: "Mapping[str, str]", profile: str, socket: str) -> int | None:
    """The expiry of the agent's session for the profile, in Unix seconds; None if there is no session or no agent."""
    if env.get("AWSVAULT_AGENT") == "off" or not os.path.exists(socket):
        return None
    found = exchange(socket, _question(profile), answer=limits.PROMPT_ANSWER)
    # {"ok":true,"why":"","ends":1893456000} (vault/agent/answers). Importing json would take a quarter of the prompt's time.
    ok, _, rest = found.partition(b'"ends":')
    ends = rest.partition(b",")[0].partition(b"}")[0]
    if b'"ok":true' not in ok or not ends.isdigit() or ends == rest or ends[:1] == b"0" or len(ends) > 12:
        return None
    return int(ends) if int(ends) <= _LATEST else None


def _question(profile: str) -> bytes:
    """The payload of an ENDS request for ``profile``, as vault/agent/protocol writes it."""
    if profile.isascii() and profile.isprintable() and '"' not in profile and "\\" not in profile:
        return b'{"op":"ENDS","profile":"' + profile.encode() + b'"}'
    from vault.agent import protocol

    return protocol.object_request("ENDS", profile=profile)[protocol.LENGTH :]
