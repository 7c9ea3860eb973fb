"""A record of the log as JSON, for ``log --json`` and ``log --cloudtrail --json``. docs/reference/json.md describes it."""

from __future__ import annotations

from vault.cli.terminal import rfc3339, without_absent
from vault.credentials.audit import NO_KEY, REMOTE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.credentials.audit import Record


def json_record(record: Record) -> dict[str, object]:
    """The fields that are known."""
    return without_absent(
        {
            "time": rfc3339(int(record.time)),
            "use": record.use,
            "profile": record.profile,
            "role": record.role or None,
            "access_key_id": record.access_key_id if record.access_key_id != NO_KEY else None,
            "expires": rfc3339(int(record.expires)) if record.expires else None,
            "from": record.origin,
            "pid": int(record.pid) if record.pid else None,
            "asker": record.asker or None,
            "parent_pid": int(record.parent_pid) if record.parent_pid else None,
            "parent": record.parent or None,
            "tty": record.tty or None,
            "program": record.program or None,
            "session": (record.session or None) if record.origin != REMOTE else None,
            "what": record.session if record.origin == REMOTE else None,
        }
    )
