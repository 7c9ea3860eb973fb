"""Events of a CloudTrail export, joined with the log: which issued session made each call. Pure: bytes and records in."""

from __future__ import annotations

import json
import zlib
from bisect import bisect_right
from datetime import datetime
from enum import Enum

from vault import limits
from vault.errors import ConfigError
from vault.profiles.values import account_of
from vault.records import NamedTuple
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from vault.credentials.audit import Record

_HINT = "give a log file of CloudTrail (.json or .json.gz), or the output of: aws cloudtrail lookup-events"
_ONE_BY_ONE = "give the files one by one"
_GZIP = b"\x1f\x8b"
_YEAR_9999 = 253_370_764_800  # Unix seconds: what comes later has no date in Python


class TrailEvent(NamedTuple):
    """One call that CloudTrail recorded. ``time`` is Unix seconds; what the event does not say is empty.

    ``returned_key_id`` is the access key ID that the call returned, ``session`` the name of the role session that made it, ``console``
    whether it was made in the console.
    """

    time: int
    name: str
    access_key_id: str
    returned_key_id: str
    role: str
    session: str
    arn: str
    region: str
    source_ip: str
    error: str
    console: bool


class JoinedBy(Enum):
    """How an event was joined with the log."""

    KEY = "issued"  # by the access key ID of a record
    NAME = "console"  # by the session name of a console sign-in, which has another access key ID
    OWN = "awsvault-py"  # awsvault-py made the call itself, on the way to a session of the log
    NOTHING = "unknown"


class JoinedEvent(NamedTuple):
    """An event and the log's record of the session that made it; None if there is none."""

    event: TrailEvent
    record: Record | None
    by: JoinedBy


def read(raw: bytes, place: str) -> list[TrailEvent]:
    """The events of an export, oldest first. Raises ConfigError if it is not an export."""
    try:
        found = json.loads(_unpacked(raw, place))
    except (ValueError, RecursionError):
        raise ConfigError(f"{place}: not JSON, or incomplete", hint=_HINT) from None
    listed = found.get("Records", found.get("Events")) if isinstance(found, dict) else found
    if not isinstance(listed, list):
        raise ConfigError(f"{place}: it has neither Records nor Events", hint=_HINT)
    return sorted(
        (_event(each, place, at) for at, each in enumerate(listed, 1)), key=lambda event: event.time
    )


def join(events: Iterable[TrailEvent], records: Iterable[Record]) -> list[JoinedEvent]:
    """Each event with the latest record of its session at that time. ``records`` are all of the log, oldest first."""
    events, log = list(events), _Log(records)
    own = _own_key_ids(events, log)
    return [_joined(event, log, own) for event in events]


class _Log:
    """The records by what an event can be joined with, each list in order of time."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.by_key: dict[str, list[Record]] = {}
        self.by_name: dict[tuple[str, str], list[Record]] = {}
        for record in records:
            self.by_key.setdefault(record.access_key_id, []).append(record)
            if record.use == "login" and record.session and record.expires:
                name = f"{account_of(record.role)}/{record.role.rpartition('/')[2]}"
                self.by_name.setdefault((name, record.session), []).append(record)
        for found in (*self.by_key.values(), *self.by_name.values()):
            found.sort(key=_time)


def _time(record: Record) -> int:
    return int(record.time)


def _joined(event: TrailEvent, log: _Log, own: set[str]) -> JoinedEvent:
    uses = log.by_key.get(event.access_key_id)
    if uses is not None:
        # The first use also if this machine's clock was ahead of AWS's: no other session has this access key ID.
        at = bisect_right(uses, event.time, key=_time)
        return JoinedEvent(event, uses[max(0, at - 1)], JoinedBy.KEY)
    if event.returned_key_id in own:
        issued = log.by_key.get(event.returned_key_id)
        return JoinedEvent(event, issued[0] if issued else None, JoinedBy.OWN)
    # Anyone who may assume the role can choose the session name, so a name counts only in the console.
    named = log.by_name.get((event.role, event.session), []) if event.console else []
    at = bisect_right(named, event.time, key=_time)
    if at and event.time <= int(named[at - 1].expires):
        return JoinedEvent(event, named[at - 1], JoinedBy.NAME)
    return JoinedEvent(event, None, JoinedBy.NOTHING)


def _own_key_ids(events: Sequence[TrailEvent], log: _Log) -> set[str]:
    """The sessions in the log, and those that a call for one of them was signed with: MFA sessions, roles of a chain."""
    signers: dict[str, set[str]] = {}
    for event in events:
        if event.returned_key_id and event.access_key_id:
            signers.setdefault(event.returned_key_id, set()).add(event.access_key_id)
    own, left = set(log.by_key), list(log.by_key)
    while left:
        more = signers.get(left.pop(), set()) - own
        own |= more
        left += more
    return own


def _unpacked(raw: bytes, place: str) -> bytes:
    if not raw.startswith(_GZIP):
        return raw
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacking.decompress(raw, limits.TRAIL_UNPACKED)
    except zlib.error:
        raise ConfigError(f"{place}: damaged gzip data", hint=_HINT) from None
    if unpacking.unconsumed_tail:
        raise ConfigError(f"{place}: over {limits.TRAIL_UNPACKED} bytes when unpacked", hint=_ONE_BY_ONE)
    if not unpacking.eof:
        raise ConfigError(f"{place}: the gzip data is cut off", hint=_HINT)
    if unpacking.unused_data:
        raise ConfigError(f"{place}: several gzip files joined into one", hint=_ONE_BY_ONE)
    return found


def _event(found: object, place: str, at: int) -> TrailEvent:
    """One event in either form: as CloudTrail delivers it to a bucket, or wrapped by lookup-events."""
    try:
        if isinstance(found, dict) and isinstance(found.get("CloudTrailEvent"), str):
            found = json.loads(found["CloudTrailEvent"])
        found = dict(found) if isinstance(found, dict) else {}  # without a time, which is reported below
        identity = _object(found, "userIdentity")
        time = int(datetime.fromisoformat(found["eventTime"]).timestamp())
        if not 0 <= time < _YEAR_9999:
            raise ConfigError(f"{place}: event {at} has an impossible time", hint=_HINT)
        service = _text(found, "eventSource").partition(".")[0]
        returned_key_id = _object(_object(found, "responseElements"), "credentials")
        role, session = _session(_text(identity, "arn"))
        return TrailEvent(
            time,
            f"{service}:{_text(found, 'eventName')}",
            _text(identity, "accessKeyId"),
            _text(returned_key_id, "accessKeyId"),
            role,
            session,
            _text(identity, "arn") or _text(identity, "type"),
            _text(found, "awsRegion"),
            _text(found, "sourceIPAddress"),
            _text(found, "errorCode"),
            _text(found, "sessionCredentialFromConsole") == "true",
        )
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        raise ConfigError(f"{place}: event {at} is not in CloudTrail's format", hint=_HINT) from None


def _session(arn: str) -> tuple[str, str]:
    """``ACCOUNT/ROLE`` and the session name of an assumed role's ARN; empty for another."""
    parts = arn.split(":", 5)
    words = parts[5].split("/") if len(parts) == 6 else []
    if len(words) != 3 or words[0] != "assumed-role":
        return "", ""
    return f"{parts[4]}/{words[1]}", words[2]


def _object(found: dict[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    return safe(value, limit=200) if isinstance(value, str) else ""
