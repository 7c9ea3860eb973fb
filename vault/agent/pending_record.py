"""What the log records about an answer: which session it was, and which process asked. No secrets.

A disk hit loads this module too, so it imports little.
"""

from __future__ import annotations

from vault.records import NamedTuple
from vault.system.processes import peer_pid, process

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

_KEY_ID = b'"AccessKeyId": "'


class PendingRecord(NamedTuple):
    """One answer: Unix seconds, the session and its expiry, and who asked. Unknown values are empty.

    ``program``: the command of an exec; empty for an export.
    """

    time: int
    profile: str
    access_key_id: str
    expires: int
    pid: str
    asker: str = ""
    parent_pid: str = ""
    parent: str = ""
    tty: str = ""
    program: str = ""


def asker_of(connection: socket.socket) -> str:
    """The ID of the process that ran the client at the other end; empty if the system does not tell."""
    client = peer_pid(connection)
    return process(client)[1] if client else ""


def access_key_id(line: bytes | bytearray) -> str:
    """The access key ID in an answer's line, found without json."""
    start = line.find(_KEY_ID) + len(_KEY_ID)
    if start < len(_KEY_ID):
        return ""
    return bytes(line[start : line.find(b'"', start)]).decode("ascii", "replace")


def named(pid: str) -> tuple[str, str, str, str]:
    """The asker's name, its parent's ID and name, and its terminal."""
    if not pid:
        return "", "", "", ""
    name, parent, tty = process(int(pid))
    return name, parent, process(int(parent))[0] if parent else "", tty
