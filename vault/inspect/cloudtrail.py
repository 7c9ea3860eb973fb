"""Events of a CloudTrail export, joined with the log: which issued session made each call. Pure: bytes and records in."""

from __future__ import annotations

import json
import zlib
from datetime import datetime
from typing import Any, NamedTuple

from vault import limits
from vault.errors import ConfigError
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vault.credentials.audit import Record

_HINT = "give a log file of CloudTrail (.json or .json.gz), or the output of: aws cloudtrail lookup-events"
_GZIP = b"\x1f\x8b"


class TrailEvent(NamedTuple):
    """One call that CloudTrail recorded. ``time`` is Unix seconds; what the event does not say is empty.

    ``gives`` is the access key ID that the call returned, ``session`` the name of the role session that made it.
    """

    time: int
    name: str
    access_key_id: str
    gives: str
    role: str
    session: str
    arn: str
    region: str
    source_ip: str
    error: str


class JoinedEvent(NamedTuple):
    """An event and the log's record of the session that made it. ``record`` is None if the log has none.

    ``own``: awsvault-py made the call itself, on the way to a session in the log.
    """

    event: TrailEvent
    record: Record | None
    own: bool = False


def read(raw: bytes, place: str) -> list[TrailEvent]:
    """The events of an export, oldest first. ConfigError if it is none."""
    try:
        found = json.loads(_unpacked(raw, place))
    except (ValueError, RecursionError):
        raise ConfigError(f"{place}: not JSON, or incomplete", hint=_HINT) from None
    listed = found.get("Records", found.get("Events")) if isinstance(found, dict) else found
    if not isinstance(listed, list):
        raise ConfigError(f"{place}: neither Records nor Events of CloudTrail in it", hint=_HINT)
    return sorted(
        (_event(each, place, at) for at, each in enumerate(listed, 1)), key=lambda event: event.time
    )


def join(events: Iterable[TrailEvent], records: Sequence[Record]) -> list[JoinedEvent]:
    """Each event with the newest record of its session: by access key ID, otherwise by role, session name and time."""
    events = list(events)
    by_key: dict[str, list[Record]] = {}
    for record in records:
        by_key.setdefault(record.access_key_id, []).append(record)
    own = _own(events, set(by_key))
    return [_joined(event, by_key, records, own) for event in events]


def _joined(
    event: TrailEvent, by_key: dict[str, list[Record]], records: Sequence[Record], own: set[str]
) -> JoinedEvent:
    issued = [record for record in by_key.get(event.access_key_id, ()) if int(record.time) <= event.time]
    if issued:
        return JoinedEvent(event, issued[-1])
    if event.gives and event.gives in own:
        found = by_key.get(event.gives)
        return JoinedEvent(event, found[0] if found else None, own=True)
    named = [record for record in records if event.session and _may_be(record, event)]
    return JoinedEvent(event, named[-1] if named else None)


def _own(events: Sequence[TrailEvent], known: set[str]) -> set[str]:
    """The sessions in the log, and those that a call for one of them was signed with: MFA sessions, roles of a chain."""
    own, more = set(known), True
    while more:
        signers = {event.access_key_id for event in events if event.gives and event.gives in own}
        more = not signers <= own
        own |= signers
    return own


def _may_be(record: Record, event: TrailEvent) -> bool:
    """Whether the console's session of ``event`` is the one of ``record``: it has another access key ID and the same name."""
    if not record.session or not record.expires or not record.role:
        return False
    account, name = record.role.split(":")[4], record.role.rpartition("/")[2]
    within = int(record.time) <= event.time <= int(record.expires)
    return within and (event.role, event.session) == (f"{account}/{name}", record.session)


def _unpacked(raw: bytes, place: str) -> bytes:
    if not raw.startswith(_GZIP):
        return raw
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacking.decompress(raw, limits.TRAIL_UNPACKED)
    except zlib.error:
        raise ConfigError(f"{place}: damaged gzip data", hint=_HINT) from None
    if unpacking.unconsumed_tail:
        raise ConfigError(
            f"{place}: over {limits.TRAIL_UNPACKED} bytes when unpacked", hint="give the files one by one"
        )
    return found


def _event(found: object, place: str, at: int) -> TrailEvent:
    """One event in either form: as CloudTrail delivers it to a bucket, or wrapped by lookup-events."""
    try:
        if isinstance(found, dict) and isinstance(found.get("CloudTrailEvent"), str):
            found = json.loads(found["CloudTrailEvent"])
        found = dict(found) if isinstance(found, dict) else {}  # without a time, which is reported below
        identity = _object(found, "userIdentity")
        time = int(datetime.fromisoformat(found["eventTime"]).timestamp())
        service = _text(found, "eventSource").partition(".")[0]
        gives = _object(_object(found, "responseElements"), "credentials")
        role, session = _session(_text(identity, "arn"))
        return TrailEvent(
            time,
            f"{service}:{_text(found, 'eventName')}",
            _text(identity, "accessKeyId"),
            _text(gives, "accessKeyId"),
            role,
            session,
            _text(identity, "arn") or _text(identity, "type"),
            _text(found, "awsRegion"),
            _text(found, "sourceIPAddress"),
            _text(found, "errorCode"),
        )
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        raise ConfigError(f"{place}: event {at} does not have the form of CloudTrail's", hint=_HINT) from None


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
