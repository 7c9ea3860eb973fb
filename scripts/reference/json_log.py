"""What scripts/make-reference says about the JSON of ``log``; json_output.py has the other commands."""

from __future__ import annotations

from scripts.reference.json_types import (
    ALWAYS,
    KNOWN,
    NUMBER,
    OBJECT,
    OBJECTS,
    TEXT,
    TEXTS,
    TIME,
    Rows,
    one_of,
)

_USE = (
    "the command; `serve` is `serve` or `exec --server`, `undo` is `import --undo`, which restores a key to a file; `setup` to "
    "`sign-out` are about a sign-in to IAM Identity Center, `setup` is `setup --sso`; the last four are about machines: `remote add` or "
    "`remove`, `init --from`, a `sync` that changed something, and a machine that was removed"
)

_FROM = (
    "where the credentials came from: a cached session, a call to AWS, the access key itself; `sso` for a sign-in and `setup`; `remote` "
    "for what is about machines"
)

LOG: dict[str, Rows] = {
    "log": {
        "records": (OBJECTS, ALWAYS, "the oldest first"),
        "records[].time": (TIME, ALWAYS, "when the credentials were issued"),
        "records[].use": (
            one_of(
                "export",
                "exec",
                "serve",
                "login",
                "whoami",
                "undo",
                "setup",
                "sign-in",
                "refresh",
                "sign-out",
                "remote",
                "init",
                "sync",
                "machine",
            ),
            ALWAYS,
            _USE,
        ),
        "records[].profile": (TEXT, ALWAYS, "empty for a sign-in and for machines"),
        "records[].role": (TEXT, "for a role", "its ARN"),
        "records[].access_key_id": (TEXT, "for credentials", "their access key ID"),
        "records[].expires": (
            TIME,
            "for a session or a sign-in",
            "the expiry; of a sign-in, that of its access token",
        ),
        "records[].from": (
            one_of("cache", "sts", "key", "sso", "remote"),
            ALWAYS,
            _FROM,
        ),
        "records[].pid": (NUMBER, KNOWN, "the process that ran awsvault-py"),
        "records[].asker": (TEXT, KNOWN, "its name"),
        "records[].parent_pid": (NUMBER, KNOWN, "its parent"),
        "records[].parent": (TEXT, KNOWN, "the parent's name"),
        "records[].tty": (TEXT, KNOWN, "its terminal"),
        "records[].program": (TEXT, "for `exec`, `serve` and `undo`", "the command, or the file"),
        "records[].session": (
            TEXT,
            "for a role or a sign-in",
            "the role session name, as in CloudTrail; of a sign-in, the name of its `sso-session`, or its start URL",
        ),
        "records[].what": (
            TEXT,
            "about machines",
            "what was done: the remote, or the entries that came and went",
        ),
        "problems": (TEXTS, ALWAYS, "what was changed, removed or cut off in the log"),
    },
    "log --cloudtrail FILE": {
        "events": (OBJECTS, ALWAYS, "the oldest first"),
        "events[].time": (TIME, ALWAYS, "when the call was made"),
        "events[].event": (TEXT, ALWAYS, "service and action, such as `s3:GetObject`"),
        "events[].access_key_id": (TEXT, KNOWN, "of the caller"),
        "events[].identity": (TEXT, KNOWN, "the caller's ARN"),
        "events[].region": (TEXT, KNOWN, ""),
        "events[].source_ip": (TEXT, KNOWN, "an address or an AWS service"),
        "events[].error": (TEXT, "if AWS refused the call", "its code"),
        "events[].by": (
            one_of("issued", "console", "awsvault-py", "unknown"),
            ALWAYS,
            "by credentials of the log; by a console sign-in of the log (its session name); by awsvault-py itself; by others",
        ),
        "events[].record": (OBJECT, "if the log has them", "the record, as in `log`"),
        "problems": (TEXTS, ALWAYS, "what was changed, removed or cut off in the log"),
    },
}
