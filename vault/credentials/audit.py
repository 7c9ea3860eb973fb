"""What is written into the log when credentials leave us: who asked for which, never a secret. Prints nothing.

Recorded by the process that hands them out. A log that cannot be written stops nobody: a full disk must not lock
a person out of an account. Imports little, since the disk hit comes here after its answer is out.
"""

from __future__ import annotations

import os

from vault import errors, limits
from vault.agent.pending_record import access_key_id, named
from vault.cache.audit_log import AuditLog
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from vault.agent.pending_record import PendingRecord
    from vault.context import Context
    from vault.credentials.issued import Issued
    from vault.secret import Secret
    from vault.store.vault import Opened
    from vault.unlocking.keys import Keys


_CANNOT = (errors.Error, OSError)
_NUMBER, _WORD = 20, 10
_LONGEST = {  # bytes of each field, 40 for the rest: a test holds their sum below limits.LOG_TEXT
    "time": _NUMBER, "expires": _NUMBER, "pid": _NUMBER, "parent_pid": _NUMBER, "use": _WORD, "origin": _WORD,
    "profile": 200, "role": 300, "program": 64,
}  # fmt: skip


class Record(NamedTuple):
    """One handing-out. Times are unix seconds as text; what is not known is empty.

    ``origin`` is cache, sts or key; ``asker`` is the process that ran us, ``parent`` its own parent.
    """

    time: str
    use: str
    profile: str
    role: str
    access_key_id: str
    expires: str
    origin: str
    pid: str
    asker: str
    parent_pid: str
    parent: str
    tty: str
    program: str

    def encode(self) -> bytes:
        """NUL between the fields, each cut to a length in bytes; all of them together fit a record."""
        return b"\0".join(_cut(value, _LONGEST.get(name, 40)) for name, value in self._asdict().items())


def _cut(value: str, most: int) -> bytes:
    """Whole characters of ``value``, up to ``most`` bytes; what is no text stays readable as escapes."""
    raw = value.replace("\0", "").encode("utf-8", "backslashreplace")[:most]
    return raw.decode("utf-8", "ignore").encode()


def kept_name(profile: str) -> str:
    """``profile`` as a record has it: a long name is cut."""
    return _cut(profile, _LONGEST["profile"]).decode()


def decode(raw: bytes) -> Record | None:
    """The record that ``encode`` wrote; None for another form."""
    fields = raw.decode("utf-8", "replace").split("\0")
    return Record(*fields) if len(fields) == len(Record._fields) else None


def handed_out(context: Context, keys: Keys, got: Issued, *, use: str, program: str = "") -> None:
    """Log an answer of the full way. ``use`` is export, exec, serve, login or whoami; ``program`` what it was given to."""
    if not context.settings.log:
        return
    hops = got.chain.hops
    origin = "sts" if got.asked_aws else "cache" if got.digest is not None else "key"
    record = _record(
        context.clock.time(), use, got.chain.profile, got.line, role=hops[-1].role_arn if hops else "",
        expires=got.expires, origin=origin, program=program, pid=str(os.getppid()),
    )  # fmt: skip
    _append(context.paths.log, keys, record)


def put_back(context: Context, opened: Opened, keys: Sequence[tuple[str, str, str]]) -> None:
    """Log access keys that come to stand in files again: profile (empty where there is none), id, and the file's path."""
    if not context.settings.log or not keys:
        return
    now, pid = str(int(context.clock.time())), str(os.getppid())
    asker, parent_pid, parent, tty = named(pid)
    records = [
        Record(
            now, "undo", profile, "", key_id, "", "key", pid, asker, parent_pid, parent, tty, os.path.basename(path)
        ) for profile, key_id, path in keys
    ]  # fmt: skip
    try:
        _write(context.paths.log, opened.cache_key, opened.vault_id, *records, start_over=True)
    except _CANNOT:
        return


def from_cache(
    path: str,
    *,
    cache_key: Secret,
    vault_id: bytes,
    profile: str,
    line: bytes,
    expires: int,
    asker: str,
    wait: float,
) -> None:
    """Log a disk hit. Its role stands in the record of the answer that filled the cache: the access key id is the same."""
    import time

    record = _record(
        time.time(), "export", profile, line, role="", expires=expires, origin="cache", program="", pid=asker
    )
    try:
        _write(path, cache_key, vault_id, record, wait=wait)
    except _CANNOT:
        return


def from_agent(path: str, notes: Sequence[PendingRecord], *, cache_key: Secret, vault_id: bytes) -> None:
    """Log what the agent answered by itself; as a disk hit otherwise. Raises where it could not be written."""
    records = [
        Record(
            str(note.time), "exec" if note.program else "export", note.profile, "", note.access_key_id,
            str(note.expires), "cache", note.pid, note.asker, note.parent_pid, note.parent, note.tty, note.program,
        ) for note in notes
    ]  # fmt: skip
    _write(path, cache_key, vault_id, *records, wait=limits.LOG_WAIT_BESIDE)  # who waits ends this process


def _record(
    now: float,
    use: str,
    profile: str,
    line: bytes,
    *,
    role: str,
    expires: int | None,
    origin: str,
    program: str,
    pid: str,
) -> Record:
    asker, parent_pid, parent, tty = named(pid)
    return Record(
        str(int(now)), use, profile, role, access_key_id(line), "" if expires is None else str(expires), origin,
        pid, asker, parent_pid, parent, tty, os.path.basename(program),
    )  # fmt: skip


def used(path: str, *, cache_key: Secret, vault_id: bytes) -> Counter[str]:
    """How often each profile stands in the newest records of the log at ``path``. Errors: UnsafeFile, Damaged."""
    from collections import Counter

    with AuditLog.open(path, cache_key=cache_key, vault_id=vault_id) as journal:
        records = map(decode, journal.newest(limits.PICKED_FROM))
        return Counter(record.profile for record in records if record is not None)


def _append(path: str, keys: Keys, record: Record) -> None:
    """Log ``record`` under the vault's cache key, and where the log is of another, under the newest there is."""
    try:
        try:
            _write(path, keys.cache_key, keys.vault_id, record)
        except errors.Damaged:
            # Either somebody renewed the cache key since these keys were had, or the log's own was lost.
            _write(path, keys.newest_cache_key(), keys.vault_id, record, start_over=True)
    except _CANNOT:
        return


def _write(
    path: str,
    cache_key: Secret,
    vault_id: bytes,
    *records: Record,
    start_over: bool = False,
    wait: float = limits.LOG_WAIT,
) -> None:
    from vault.system.clock import Deadline

    encoded = [record.encode() for record in records]
    with AuditLog.open(path, cache_key=cache_key, vault_id=vault_id) as journal:
        journal.append(*encoded, deadline=Deadline.after(wait), start_over=start_over)
