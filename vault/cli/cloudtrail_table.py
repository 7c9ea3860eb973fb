"""What ``log --cloudtrail`` prints: each event with the program that had the session."""

from __future__ import annotations

from vault import limits
from vault.cli.log_record import json_record
from vault.cli.terminal import emit_json, local, rfc3339, say, table, without_absent
from vault.inspect.cloudtrail import JoinedBy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context
    from vault.inspect.cloudtrail import JoinedEvent

_UNKNOWN = "not in the log"


def show(context: Context, joined: Sequence[JoinedEvent], problems: Sequence[str], *, as_json: bool) -> None:
    """Print the events, and say how many were made with credentials that the log does not have, and what the log lacks."""
    if as_json:
        emit_json({"events": [_json(each) for each in joined], "problems": list(problems)})
        return
    table(
        context.env,
        ("TIME", "EVENT", "PROFILE", "PROGRAM", "PARENT", "IDENTITY", "SOURCE IP", "ERROR"),
        [_row(each) for each in joined],
        optional=("SOURCE IP", "PARENT", "IDENTITY"),
    )
    strange = sum(each.by is JoinedBy.NOTHING for each in joined)
    say(f"{len(joined)} events, {strange} of them by credentials that are not in the log.")
    for problem in problems[: limits.LOG_PROBLEMS]:
        say(f"warning: the log is incomplete: {problem}")


def _row(joined: JoinedEvent) -> tuple[str, ...]:
    event, record = joined.event, joined.record
    program = (
        JoinedBy.OWN.value
        if joined.by is JoinedBy.OWN
        else f"{record.program or record.asker} {record.pid}"
        if record
        else _UNKNOWN
    )
    return (
        local(event.time),
        event.name,
        record.profile if record is not None else "",
        program,
        record.parent if record is not None else "",
        event.arn,
        event.source_ip,
        event.error,
    )


def _json(joined: JoinedEvent) -> dict[str, object]:
    event = joined.event
    return without_absent(
        {
            "time": rfc3339(event.time),
            "event": event.name,
            "access_key_id": event.access_key_id or None,
            "identity": event.arn or None,
            "region": event.region or None,
            "source_ip": event.source_ip or None,
            "error": event.error or None,
            "by": joined.by.value,
            "record": json_record(joined.record) if joined.record is not None else None,
        }
    )
