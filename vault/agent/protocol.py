"""What client and agent say to each other: bytes to values and back. No sockets, no files, no clock.

A frame is a u32 length and that many bytes, 1 to 65,536. Five kinds of request, told apart by the first byte:

- ``E`` name NUL fingerprint: the warm export. Answer: the session's JSON line as it is printed; the same after
  ``+`` for the one client that is to renew it; or ``MISS``.
- ``X`` size (u8) program name NUL fingerprint: the same for an exec of ``program``, up to 64 bytes of its name. Answer: as to
  ``E``, and then the line of terms that was kept with the session; ``MISS`` where there was none.
- ``K``: the cache key. Answer: ``K``, its 32 bytes and the vault's id of 16, or a refusal.
- ``P`` issued expires size (u64 each) name NUL fingerprint: a session to answer with, which follows as a frame of
  ``size`` bytes: its JSON line, and perhaps a line of terms. Answer: ``+`` where it is kept, ``-`` where not, or a refusal.
- ``{``: a JSON object with ``op`` and what the table below allows; UNLOCK is followed by a second
  frame that holds the bare keys, so that those never stand inside JSON text.
  Answer: a JSON object, ``{"ok":true,…}`` or ``{"ok":false,"why":…}``.

HAS_ENTRY, LIST, GET_ENTRY, TOTP and NOTE_CODE are answered by a fork that opens the vault; it may be asked more of these over
the same connection, and says ``{"ok":true,"waiting":seconds}`` as often as it likes before a TOTP.
No operation takes a path, a library or a command. json is imported where it is used: a disk hit says only ``K`` and ``P``.
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
RENEW = b"+"
KEY = 32
_MOST_INT = 2**53

# op → the fields it takes and their types. A field more, a field less or another type closes the connection.
FIELDS: dict[str, dict[str, type]] = {
    "HELLO": {},
    "STATUS": {"first": int},
    "ENDS": {"profile": str},  # when its session ends: for shell prompts, which must not read all of STATUS
    "DROP_SESSIONS": {"profile": str},
    "HAS_ENTRY": {"name": str},
    "LIST": {"first": int},  # what may be shown of the entries, then the devices with a seed
    "GET_ENTRY": {"name": str},
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
    "CONFIRM": {"what": str},  # a person said yes to this, until the agent locks
    "CONFIRMED": {"what": str},
    "LOCK": {"hold": bool},
    "PIN": {"vault": str, "gen": int, "digest": str},  # of older clients
    "SEEN": {"vault": str, "gen": int, "digest": str, "rekeyed": int, "macs": list, "over": list},
    "LOG": {},  # write down what was answered, before somebody reads the log
    "SLEEP": {},  # the machine is about to, or its screen was locked
    "SHUTDOWN": {},
}
SIGNED = frozenset({"skew"})  # AWS's clock may be behind ours; every other number is 0 or more
VAULT_ID = 16

KEYS = ("main", "cache", "strict")  # the order in which UNLOCK's second frame holds them


class BadFrame(ValueError):
    """A frame that no client of ours sends. The connection is closed without a word."""


class Export(NamedTuple):
    """The warm export's request: what a session is kept under. Of an exec, the ``program`` that it is for; else empty."""

    key: bytes
    program: bytes = b""


class Put(NamedTuple):
    """The first frame of a session: unix seconds, how many bytes follow, and what it is kept under."""

    issued: int
    expires: int
    follows: int
    key: bytes


class AgentRequest(NamedTuple):
    """A JSON request: its op and fields, and how many bytes its second frame holds (0: there is none)."""

    op: str
    fields: dict[str, Any]
    follows: int


def frame(payload: bytes) -> bytes:
    """``payload`` with its length before it."""
    if not 0 < len(payload) <= limits.AGENT_FRAME:
        raise BadFrame
    return len(payload).to_bytes(LENGTH, "big") + payload


def length(head: bytes | bytearray | memoryview) -> int:
    """The length that four bytes announce; BadFrame where it is out of bounds."""
    size = int.from_bytes(head, "big")
    if not 0 < size <= limits.AGENT_FRAME:
        raise BadFrame
    return size


def session_key(profile: str, fingerprint: bytes) -> bytes:
    """What a session is kept under: the name, NUL, the fingerprint."""
    name = profile.encode("utf-8", "surrogateescape")
    if not name or b"\0" in name or len(name) > limits.MAX_PROFILE_NAME:
        raise BadFrame
    return name + b"\0" + fingerprint


def export_request(profile: str, fingerprint: bytes) -> bytes:
    """The frame of a warm export."""
    return frame(EXPORT + session_key(profile, fingerprint))


def exec_kind(program: bytes) -> bytes:
    """What the request of an exec begins with, before name and fingerprint. ``program``: its name, not empty."""
    cut = program[: limits.AGENT_PROGRAM]
    return EXEC + bytes((len(cut),)) + cut


def put_request(profile: str, fingerprint: bytes, *, issued: int, expires: int, size: int) -> bytes:
    """The first frame of a session."""
    numbers = b"".join(number.to_bytes(8, "big") for number in (issued, expires, size))
    return frame(PUT + numbers + session_key(profile, fingerprint))


def object_request(op: str, **fields: Any) -> bytes:
    """The (first) frame of a JSON request. BadFrame where a field is none of the op's, or its type another."""
    _check(op, fields)
    return frame(_text({"op": op, **fields}))


def parse(payload: bytes) -> Export | Put | AgentRequest | None:
    """The request that a whole frame holds; None is the request for the cache key. BadFrame for all else."""
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
    """The frame of a JSON answer that says yes."""
    return frame(_text({"ok": True, **fields}))


def refusal(why: str, **fields: Any) -> bytes:
    """The frame of a JSON answer that says no: ``why`` is locked, held, failed (with what failed) or mismatch."""
    return frame(_text({"ok": False, "why": why, **fields}))


def page(rows: Sequence[Any], first: int) -> list[Any]:
    """The rows from ``first`` on that one answer holds beside its other fields: at least one, where there is one."""
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
    """A JSON answer as a dictionary with a boolean ``ok``; BadFrame where it is none."""
    found = _object(payload)
    if not isinstance(found.get("ok"), bool):
        raise BadFrame
    return found


def _text(value: Any) -> bytes:
    import json

    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _object(payload: bytes) -> dict[str, Any]:
    import json

    try:
        found = json.loads(payload.decode("ascii"), parse_constant=_no, parse_float=_no)
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
    """Whether it is text, and ``size`` bytes in hexadecimal."""
    return isinstance(text, str) and len(text) == 2 * size and not text.strip("0123456789abcdef")
