"""`awsvault-py log`: shows which credentials were issued, when and to which program, and verifies the log."""

from __future__ import annotations

import click

from vault import limits
from vault.cli import shared_options
from vault.cli.command_context import with_context
from vault.cli.terminal import emit_json, local, rfc3339, say, table, without_absent
from vault.errors import CheckFailed, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.credentials.audit import Record


@click.command(name="log")
@click.option("--profile", metavar="PROFILE", help="Show only credentials issued for this profile.")
@click.option("--since", metavar="TIME", help="Show only credentials issued in the last TIME: 90m, 12h, 7d.")
@click.option(
    "-n", "--last", "most", metavar="N", type=click.IntRange(min=1), help="Show only the last N records."
)
@click.option("--verify", is_flag=True, help="Check that no record was changed, removed, or cut off.")
@shared_options.as_json
@with_context
def command(
    context: Context, *, profile: str | None, since: str | None, most: int | None, verify: bool, as_json: bool
) -> None:
    """Show which credentials were issued: when, for which profile and role, until when, from where, and to which program."""
    from vault.cache.audit_log import AuditLog
    from vault.credentials.audit import decode, stored_name
    from vault.unlocking.key_access import open_keys

    first = context.clock.time() - _seconds(since) if since is not None else 0.0
    keys = open_keys(context, purpose="to read its log")
    context.agent.ask("LOG", answer=limits.AGENT_TALK)  # makes the agent write its pending records first
    with AuditLog.open(context.paths.log, cache_key=keys.cache_key, vault_id=keys.vault_id) as log:
        found = log.read(deadline=context.new_deadline())
    records = [record for record in map(decode, found.records) if record is not None]
    problems = list(found.problems)
    if len(records) < len(found.records):
        problems.append(f"{len(found.records) - len(records)} records cannot be read")
    wanted = stored_name(profile) if profile is not None else None
    roles = {r.access_key_id: r.role for r in records if r.role}
    chosen = [
        r._replace(role=r.role or roles.get(r.access_key_id, ""))
        for r in records
        if wanted in (None, r.profile) and int(r.time) >= first
    ][-(most or 0) :]
    if as_json:
        emit_json({"records": [_json(r) for r in chosen], "problems": problems})
    elif verify:
        if not problems:
            say(f"{len(found.records)} records. None was changed, removed or cut off.")
    else:
        rows = [
            (local(int(r.time)), r.use, r.profile, r.role, local(int(r.expires)) if r.expires else "never", r.origin,
             f"{r.asker} {r.pid}", r.parent, r.tty)
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
            f"the log is incomplete: {'; '.join(problems[:5])}",
            hint="compare it with CloudTrail for that time",
        )


def _seconds(text: str) -> int:
    from vault.settings import duration

    try:
        return duration(text, most=10 * 366 * 86_400)
    except ValueError as error:
        raise Usage(f"--since must be {error}, not {text!r}") from None


def _json(record: Record) -> dict[str, object]:
    return without_absent(
        {
            "time": rfc3339(int(record.time)),
            "use": record.use,
            "profile": record.profile,
            "role": record.role or None,
            "access_key_id": record.access_key_id,
            "expires": rfc3339(int(record.expires)) if record.expires else None,
            "from": record.origin,
            "pid": int(record.pid) if record.pid else None,
            "asker": record.asker or None,
            "parent_pid": int(record.parent_pid) if record.parent_pid else None,
            "parent": record.parent or None,
            "tty": record.tty or None,
            "program": record.program or None,
        }
    )
