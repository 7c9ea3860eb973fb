"""What the log records of each issue of credentials: which process asked, and for what. Never a secret. Prints nothing.

The process that issues the credentials writes the record. If the log cannot be written, the credentials are issued all
the same: a full disk must not keep the user out of an account. Imports little, because the disk hit runs this after it
has printed its answer.
"""

from __future__ import annotations

import os

from vault import errors, limits
from vault.agent.pending_record import access_key_id, named
from vault.cache.audit_log import AuditLog
from vault.credentials.session_name import default_session_name
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from vault.agent.pending_record import PendingRecord
    from vault.context import Context
    from vault.credentials.issued import Issued
    from vault.secret import CacheKey, Secret
    from vault.signin.record import SignInPlace, SignInRecord
    from vault.store.vault import Opened
    from vault.unlocking.keys import Keys


_CANNOT = (errors.Error, OSError)
_NUMBER, _WORD = 20, 10
_LONGEST = {  # bytes of each field; 40 for the others. A test checks that their sum is below limits.LOG_TEXT
    "time": _NUMBER, "expires": _NUMBER, "pid": _NUMBER, "parent_pid": _NUMBER, "use": _WORD, "origin": _WORD,
    "profile": 200, "role": 235, "program": 64, "session": 64,
}  # fmt: skip


class Record(NamedTuple):
    """One issue of credentials. Times are Unix seconds as text. Unknown values are empty.

    ``origin`` is cache, sts or key, and sso for a sign-in to IAM Identity Center, which has no access key and whose name is
    ``session``. It is remote for what was done with the remote, and ``session`` says what. ``asker`` is the process that ran awsvault-py, ``parent`` the parent of that one.
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
    session: str = ""  # the role's session name, or that of a sign-in; records of 0.9.0 have none

    def encode(self) -> bytes:
        """The fields, separated by NUL. Each is cut to a length in bytes, so that all of them fit into one record."""
        # Version 0.9.0 takes a record with more fields for a damaged one, so the session shares the field of the role.
        most = _LONGEST if self.role else {**_LONGEST, "session": _LONGEST["role"] + _LONGEST["session"]}
        *fields, session = (_cut(value, most.get(name, 40)) for name, value in self._asdict().items())
        if session:
            fields[_ROLE] += b" " + session
        return b"\0".join(fields)


REMOTE = "remote"  # the origin of a record of what was done with the remote
NO_KEY = "-"  # of a record without credentials: some events of CloudTrail have an empty access key ID
_ROLE = Record._fields.index("role")


def _cut(value: str, most: int) -> bytes:
    """Whole characters of ``value``, up to ``most`` bytes. Bytes that are not text become escapes."""
    raw = value.replace("\0", "").encode("utf-8", "backslashreplace")[:most]
    return raw.decode("utf-8", "ignore").encode()


def stored_name(profile: str) -> str:
    """``profile`` as a record stores it: a long name is cut."""
    return _cut(profile, _LONGEST["profile"]).decode()


def decode(raw: bytes) -> Record | None:
    """The record that ``encode`` wrote; None if ``raw`` has another form."""
    fields = raw.decode("utf-8", "replace").split("\0")
    if len(fields) < len(Record._fields) - 1:
        return None
    fields[_ROLE], _, session = fields[_ROLE].partition(" ")  # an ARN has no space
    return Record(*fields[: len(Record._fields) - 1])._replace(
        session=session
    )  # a later version may have more


def log_issued(context: Context, keys: Keys, issued: Issued, *, use: str, program: str = "") -> None:
    """Log an answer of ``obtain``. ``use`` is export, exec, serve, login or whoami; ``program`` is the program that got it."""
    if not context.settings.log:
        return
    last = issued.chain.hops[-1] if issued.chain.hops else None
    session = "" if last is None else last.role_session_name or default_session_name(context.env)
    origin = "sts" if issued.asked_aws else "cache" if issued.digest is not None else "key"
    record = _record(
        context.clock.time(), use, issued.chain.profile, issued.line, role=last.role_arn if last else "",
        expires=issued.expires, origin=origin, program=program, pid=str(os.getppid()),
    )._replace(session=session)  # fmt: skip
    _append(context.paths.log, keys, record)


def log_restored_keys(context: Context, opened: Opened, keys: Sequence[tuple[str, str, str]]) -> None:
    """Log access keys that ``--undo`` writes back into files: the profile (or empty), the key ID, and the file's path."""
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


def log_sign_in(
    context: Context, key: CacheKey, place: SignInPlace, *, use: str, expires: int | None = None
) -> None:
    """Log a sign-in to IAM Identity Center, or its end. ``use`` is sign-in or sign-out; ``expires`` that of its access token."""
    if not context.settings.log:
        return
    try:
        _write(
            context.paths.log,
            key.key,
            key.vault_id,
            _sign_in_record(context, place, use=use, expires=expires),
        )
    except _CANNOT:
        return


def log_refresh(context: Context, keys: Keys, found: SignInRecord) -> None:
    """Log the refresh of a sign-in by the export of a profile."""
    if context.settings.log and found.access is not None:
        expires = found.access.expires
        _append(
            context.paths.log, keys, _sign_in_record(context, found.place, use="refresh", expires=expires)
        )


def log_profiles(context: Context, keys: Keys, place: SignInPlace) -> None:
    """Log that ``setup --sso`` wrote the profiles of this sign-in."""
    if context.settings.log:
        _append(context.paths.log, keys, _sign_in_record(context, place, use="setup", expires=None))


def log_remote(context: Context, keys: Keys, *, use: str, what: str) -> None:
    """Log what was done with the remote. ``use`` is remote (added or removed), init, sync or machine (removed); ``what`` says it."""
    if not context.settings.log:
        return
    record = _record(
        context.clock.time(), use, "", b"", role="", expires=None, origin=REMOTE, program="", pid=str(os.getppid())
    )  # fmt: skip
    _append(context.paths.log, keys, record._replace(session=what, access_key_id=NO_KEY))


def _sign_in_record(context: Context, place: SignInPlace, *, use: str, expires: int | None) -> Record:
    """The name of the sign-in is in the field of the session: the record has no field of its own for it."""
    record = _record(
        context.clock.time(), use, "", b"", role="", expires=expires, origin="sso", program="", pid=str(os.getppid())
    )  # fmt: skip
    return record._replace(session=place.name, access_key_id=NO_KEY)


def log_disk_hit(
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
    """Log a disk hit. The record of the answer that filled the cache has the role, and the same access key ID."""
    import time

    record = _record(
        time.time(), "export", profile, line, role="", expires=expires, origin="cache", program="", pid=asker
    )
    try:
        _write(path, cache_key, vault_id, record, wait=wait)
    except _CANNOT:
        return


def log_agent_answers(
    path: str, notes: Sequence[PendingRecord], *, cache_key: Secret, vault_id: bytes
) -> None:
    """Log what the agent answered itself, like disk hits. Errors: those of writing the log."""
    records = [
        Record(
            str(note.time), "exec" if note.program else "export", note.profile, "", note.access_key_id,
            str(note.expires), "cache", note.pid, note.asker, note.parent_pid, note.parent, note.tty, note.program,
        ) for note in notes
    ]  # fmt: skip
    _write(
        path, cache_key, vault_id, *records, wait=limits.LOG_WAIT_BESIDE
    )  # only the end of this process waits for it


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
    """How often each profile occurs in the newest records of the log at ``path``. Errors: UnsafeFile, Damaged."""
    from collections import Counter

    with AuditLog.open(path, cache_key=cache_key, vault_id=vault_id) as log:
        records = map(decode, log.newest(limits.PICKED_FROM))
        return Counter(record.profile for record in records if record is not None)


def _append(path: str, keys: Keys, record: Record) -> None:
    """Log ``record`` under this process's cache key or, if the log is sealed under another, under the vault's newest."""
    try:
        try:
            _write(path, keys.cache_key, keys.vault_id, record)
        except errors.Damaged:
            # Either the vault was rekeyed since this process got its keys, or the log's own key was lost.
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
    with AuditLog.open(path, cache_key=cache_key, vault_id=vault_id) as log:
        log.append(*encoded, deadline=Deadline.after(wait), start_over=start_over)
