"""The protocol between client and agent: bytes to values and back. No sockets, no files, no clock.

A frame is a u32 length and that many bytes, 1 to 65,536. There are five kinds of request, by the first byte:

- ``E`` name NUL fingerprint: a warm export. Answer: the session's JSON line as it is printed; for the one client that is to
  refresh the session, ``+`` before it; or ``MISS``.
- ``X`` size (u8) program name NUL fingerprint: the same for an exec of ``program``, up to 64 bytes of its name. Answer: as to
  ``E``, followed by the line of profile metadata that was kept with the session; ``MISS`` if there is none.
- ``K``: the cache key. Answer: ``K``, its 32 bytes and the vault's ID of 16, or a refusal.
- ``P`` issued expires size (u64 each) name NUL fingerprint: a session to answer with. A frame of ``size`` bytes follows: its
  JSON line, and possibly a line of profile metadata. Answer: ``+`` if it is kept, ``-`` if not, or a refusal.
- ``{``: a JSON object with ``op`` and the fields of the table below. UNLOCK is followed by a second frame with the bare keys,
  so that they are never part of JSON text. Answer: a JSON object, ``{"ok":true,…}`` or ``{"ok":false,"why":…}``.

HAS_ENTRY, LIST, GET_ENTRY, SSO_KEY, TOTP and NOTE_CODE are answered by a worker, a fork that opens the vault. It takes more of them over
the same connection. Before the answer to a TOTP it may send ``{"ok":true,"waiting":seconds}``, any number of times.
No operation takes a path, a library or a command. plain_json is imported where it is used: an answer from disk needs only ``K``
and ``P``.
"""

from __future__ import annotations

from vault import limits
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

VERSION = 2
LENGTH = 4  # bytes of a frame's length
EXPORT, EXEC, CACHE_KEY, PUT, OBJECT = b"E", b"X", b"K", b"P", b"{"
KEPT, NOT_KEPT = b"+", b"-"
MISS = b"MISS"
REFRESH = b"+"
KEY = 32
_MOST_INT = 2**53

# op → its fields and their types. If a field is missing, unknown or of another type, the connection is closed.
FIELDS: dict[str, dict[str, type]] = {
    "HELLO": {},
    "STATUS": {"first": int},
    "ENDS": {
        "profile": str
    },  # the expiry of its session: for shell prompts, which must not read all of STATUS
    "DROP_SESSIONS": {"profile": str},
    "HAS_ENTRY": {"name": str},
    "LIST": {"first": int},  # what may be shown of the entries, then the devices with a seed
    "GET_ENTRY": {"name": str},
    "SSO_KEY": {},  # the key of the sign-ins to IAM Identity Center
    "TOTP": {"serial": str, "most": int, "skew": int, "after": int},  # milliseconds; the step refused, or 0
    "NOTE_CODE": {"serial": str, "code": str, "within": int},  # milliseconds
    "UNLOCK": {
        "vault": str,
        "keys": list,
        "idle": int,
        "hard": int,
        "strict": int,
        "sleep": bool,
        "person": bool,
    },
    "CONFIRM": {"what": str},  # the user confirmed this; remembered until the agent locks
    "CONFIRM_FOR": {"what": str, "seconds": int},  # the same for a time; agents of 0.9.0 do not know it
    "CONFIRMED": {"what": str},
    "LOCK": {"hold": bool},
    "PIN": {"vault": str, "gen": int, "digest": str},  # of older clients
    "SEEN": {"vault": str, "gen": int, "digest": str, "rekeyed": int, "macs": list, "over": list},
    "LOG": {},  # write the answers so far into the log, before a command reads it
    "SLEEP": {},  # the machine is about to sleep, or its screen was locked
    "SHUTDOWN": {},
}
SIGNED = frozenset({"skew"})  # AWS's clock may be behind this machine's; every other number is 0 or more
VAULT_ID = 16

KEYS = ("main", "cache", "strict")  # the order in which UNLOCK's second frame holds them


class BadFrame(ValueError):
    """A frame that awsvault-py's clients never send. The connection is closed without an answer."""


class Export(NamedTuple):
    """The request of a warm export: the key of a session. ``program``: the command of an exec; otherwise empty."""

    key: bytes
    program: bytes = b""


class Put(NamedTuple):
    """The first frame of a session: Unix seconds, how many bytes follow, and the key to keep it under."""

    issued: int
    expires: int
    follows: int
    key: bytes


class AgentRequest(NamedTuple):
    """A JSON request: its op and fields, and the size of its second frame in bytes (0: there is none)."""

    op: str
    fields: dict[str, Any]
    follows: int


def frame(payload: bytes) -> bytes:
    """``payload`` after its length."""
    if not 0 < len(payload) <= limits.AGENT_FRAME:
        raise BadFrame
    return len(payload).to_bytes(LENGTH, "big") + payload


def length(head: bytes | bytearray | memoryview) -> int:
    """The length in the first four bytes; BadFrame if it is out of bounds."""
    size = int.from_bytes(head, "big")
    if not 0 < size <= limits.AGENT_FRAME:
        raise BadFrame
    return size


def session_key(profile: str, fingerprint: bytes) -> bytes:
    """The key of a session: the name, NUL, the fingerprint."""
    name = profile.encode("utf-8", "surrogateescape")
    if not name or b"\0" in name or len(name) > limits.MAX_PROFILE_NAME:
        raise BadFrame
    return name + b"\0" + fingerprint


def exec_kind(program: bytes) -> bytes:
    """The start of the request of an exec, before name and fingerprint. ``program``: its name, not empty."""
    cut = program[: limits.AGENT_PROGRAM]
    return EXEC + bytes((len(cut),)) + cut


def put_request(profile: str, fingerprint: bytes, *, issued: int, expires: int, size: int) -> bytes:
    """The first frame of a session."""
    numbers = b"".join(number.to_bytes(8, "big") for number in (issued, expires, size))
    return frame(PUT + numbers + session_key(profile, fingerprint))


def object_request(op: str, **fields: Any) -> bytes:
    """The (first) frame of a JSON request. BadFrame if a field is not one of the op's or has another type."""
    _check(op, fields)
    return frame(_text({"op": op, **fields}))


def parse(payload: bytes) -> Export | Put | AgentRequest | None:
    """The request in a whole frame; None is the request for the cache key. BadFrame for anything else."""
    kind = payload[:1]
    if kind == EXPORT:
        return Export(_key(payload[1:]))
    if kind == EXEC:
        size = payload[1] if len(payload) > 1 else 0
        if not 0 < size <= limits.AGENT_PROGRAM:
            raise BadFrame
        return Export(_key(payload[2 + size :]), payload[2 : 2 + size])
    if kind == PUT:
        issued, expires, size = (int.from_bytes(payload[at : at + 8], "big") for at in (1, 9, 17))
        if not 0 < size <= limits.AGENT_FRAME or max(issued, expires) >= _MOST_INT:
            raise BadFrame
        return Put(issued, expires, size, _key(payload[25:]))
    if kind == CACHE_KEY and len(payload) == 1:
        return None
    if kind != OBJECT:
        raise BadFrame
    return _request(_object(payload))


def _key(raw: bytes) -> bytes:
    name, nul, fingerprint = raw.partition(b"\0")
    if not name or not nul or not fingerprint or len(name) > limits.MAX_PROFILE_NAME:
        raise BadFrame
    return raw


def answer(**fields: Any) -> bytes:
    """The frame of a JSON answer with ``ok`` true."""
    return frame(_text({"ok": True, **fields}))


def refusal(why: str, **fields: Any) -> bytes:
    """The frame of a JSON answer with ``ok`` false. ``why``: locked, held, failed (with what failed) or mismatch."""
    return frame(_text({"ok": False, "why": why, **fields}))


def page(rows: Sequence[Any], first: int) -> list[Any]:
    """The rows from ``first`` on that fit into one answer with its other fields; at least one, if there is one."""
    part: list[Any] = []
    room = limits.AGENT_ROWS
    while first < len(rows):
        room -= len(_text(rows[first])) + 1
        if part and room < 0:
            break
        part.append(rows[first])
        first += 1
    return part


def parse_answer(payload: bytes) -> dict[str, Any]:
    """A JSON answer as a dictionary with a boolean ``ok``; otherwise BadFrame."""
    found = _object(payload)
    if not isinstance(found.get("ok"), bool):
        raise BadFrame
    return found


def _text(value: Any) -> bytes:
    from vault import plain_json

    return plain_json.dumps(value, compact=True).encode("ascii")


def _object(payload: bytes) -> dict[str, Any]:
    from vault import plain_json

    try:
        found = plain_json.loads(payload.decode("ascii"), no_numbers_but_int=_no)
    except (ValueError, RecursionError):
        raise BadFrame from None
    if not isinstance(found, dict):
        raise BadFrame
    return found


def _no(_: str) -> None:
    raise BadFrame


def _request(found: dict[str, Any]) -> AgentRequest:
    op = found.pop("op", None)
    if not isinstance(op, str):
        raise BadFrame
    _check(op, found)
    return AgentRequest(op, found, KEY * len(found["keys"]) if op == "UNLOCK" else 0)


def _check(op: str, fields: dict[str, Any]) -> None:
    known = FIELDS.get(op)
    if known is None or known.keys() != fields.keys():
        raise BadFrame
    for name, kind in known.items():
        value: Any = fields[name]
        if type(value) is not kind or (
            type(value) is int and not (-_MOST_INT if name in SIGNED else 0) <= value < _MOST_INT
        ):
            raise BadFrame
    if op == "SEEN":
        _check_pin(fields)
    if op == "UNLOCK" and tuple(fields["keys"]) not in (("main", "cache"), ("cache",), KEYS, ("strict",)):
        raise BadFrame
    if op == "UNLOCK" and not _hex(fields["vault"], VAULT_ID):
        raise BadFrame


def _check_pin(fields: dict[str, Any]) -> None:
    hashes = [fields["digest"], *fields["macs"], *fields["over"]]
    if not 0 < len(fields["macs"]) <= 2 or len(fields["over"]) > limits.AGENT_PINS:
        raise BadFrame
    if not all(_hex(one, KEY) for one in hashes):
        raise BadFrame


def _hex(text: Any, size: int) -> bool:
    """Whether it is a string of ``size`` bytes in hexadecimal."""
    return isinstance(text, str) and len(text) == 2 * size and not text.strip("0123456789abcdef")
