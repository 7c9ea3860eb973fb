"""`awsvault-py log`: shows which credentials were issued, when and to which program, and verifies the log."""

from __future__ import annotations

from vault import limits
from vault.cli.terminal import emit_json, is_terminal, local, say, table
from vault.credentials.audit import NO_KEY, REMOTE, stored_name
from vault.errors import CheckFailed, ConfigError, Usage
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.credentials.audit import Record
    from vault.inspect.cloudtrail import TrailEvent


_OLDEST = 10 * 366 * 86_400  # seconds: the log is no older


def show(
    context: Context,
    *,
    profile: str | None,
    since: str | None,
    most: int | None,
    verify: bool,
    trail: str | None,
    as_json: bool,
) -> None:
    """Run the command with these options (vault/cli/everyday has their meaning)."""
    if trail is not None and (verify or most is not None):
        raise Usage("--cloudtrail was given with --verify or --last", hint="run them one after the other")
    from vault.inspect import log_records

    events = _events(trail) if trail is not None else None
    from vault.cli.time_option import seconds_of

    first = context.clock.time() - seconds_of("--since", since, most=_OLDEST) if since is not None else 0.0
    wanted = stored_name(profile) if profile is not None else None
    records, problems = log_records.read(context)
    if events is not None:
        from vault.cli import cloudtrail_table
        from vault.inspect import cloudtrail

        joined = [
            each
            for each in cloudtrail.join(events, records)
            if each.event.time >= first
            and (wanted is None or (each.record is not None and each.record.profile == wanted))
        ]
        cloudtrail_table.show(context, joined, problems, as_json=as_json)
        return
    chosen = [r for r in records if wanted in (None, r.profile) and int(r.time) >= first][-(most or 0) :]
    if as_json:
        from vault.cli.log_record import json_record

        emit_json({"records": [json_record(r) for r in chosen], "problems": problems})
    elif verify:
        if not problems:
            say(f"{len(records)} records. None was changed, removed or cut off.")
    else:
        rows = [
            (local(int(r.time)), r.use, _name(r), _role(r), _until(r),
             r.origin, f"{r.asker} {r.pid}", r.parent, r.tty)
            for r in chosen
        ]  # fmt: skip
        table(
            context.env,
            ("TIME", "USE", "PROFILE", "ROLE", "UNTIL", "FROM", "PROGRAM", "PARENT", "TERMINAL"),
            rows,
            optional=("TERMINAL", "PARENT", "FROM", "ROLE", "UNTIL"),
        )
    if verify and problems:
        raise CheckFailed(
            f"the log is incomplete: {'; '.join(problems[: limits.LOG_PROBLEMS])}",
            hint="compare it with CloudTrail for that time",
        )


def _name(record: Record) -> str:
    """The profile; at a terminal, of a role without a profile only what follows the account, which fits the column, and of what is
    about machines what was done, which has no other column there.
    """
    if record.origin == REMOTE and is_terminal():
        return record.session
    arn = record.profile == record.role and is_terminal()
    return record.profile.rpartition(":")[2] if arn else record.profile


def _role(record: Record) -> str:
    """The role, the name of a sign-in, or what was done."""
    if record.role or record.access_key_id != NO_KEY:
        return record.role
    return "" if record.origin == REMOTE and is_terminal() else record.session


def _until(record: Record) -> str:
    if record.expires:
        return local(int(record.expires))
    return "never" if record.access_key_id != NO_KEY else ""


def _events(path: str) -> list[TrailEvent]:
    from vault.inspect import cloudtrail
    from vault.system.user_files import read_users_file

    try:
        raw = read_users_file(path, limit=limits.TRAIL_FILE)
    except ConfigError as error:
        error.hint = (
            "give the path of a file that only you can write, not a pipe; split one that is too large"
        )
        raise
    if raw is None:
        raise Usage(f"--cloudtrail {safe(path)!r}: no such file", hint="give the path of the export")
    return cloudtrail.read(raw, f"--cloudtrail {safe(path)!r}")
