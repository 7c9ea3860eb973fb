"""`awsvault-py panic`: deactivates all keys of the vault at AWS and deletes all cached sessions."""

from __future__ import annotations

import json

import click

from vault.cli import shared_options, trust_option
from vault.cli.command_context import with_context
from vault.cli.confirm import confirm
from vault.cli.result import report_result
from vault.cli.terminal import emit, say, without_absent
from vault.keys import panic
from vault.machines import panic_keys
from vault.text import safe
from vault.unlocking.unlock import unlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


@click.command(name="panic")
@trust_option.option
@click.option("--yes", is_flag=True, help="Do not prompt for confirmation.")
@shared_options.as_json
@with_context
def command(context: Context, *, trust_endpoint: bool, yes: bool, as_json: bool) -> int:
    """Deactivate all keys of the vault at AWS, and delete all cached sessions and sign-ins.

    Use it if a machine is lost or a key has leaked. panic continues after failures and reports them. Sessions that were already
    issued stay valid: panic prints the policy that ends them. You can activate the keys again in the IAM console.

    If the vault has a remote, panic first takes the newest keys from the bucket, for 10 seconds at most. The keys end for all machines.
    """
    before = unlock(context, purpose="to deactivate its keys").opened
    opened = panic_keys.pull(context, before, tell=say)
    more, former = panic_keys.elsewhere(opened), panic_keys.former(before, opened)
    trust = trust_option.endpoint_trust(context, trust_endpoint=trust_endpoint)
    panic.name_foreign_hosts(context, opened, trust)
    entries = [*opened.payload.entries.values(), *(entry for _, entry in (*more, *former))]
    count = len({entry.access_key_id for entry in entries})
    keys = "the only key" if count == 1 else f"all {count} keys"
    confirm(
        context,
        f"Deactivate {keys} of the vault at AWS, for all programs that use them, and delete all cached sessions?",
        yes=yes,
    )
    report = panic.run(context, opened, more=more, former=former, trust=trust, tell=say)
    failed = _tell_deleted(report)
    _tell_policy(report, as_json=as_json)
    if not failed:
        hosts = sorted({outcome.at for outcome in report.outcomes if outcome.at is not None})
        where = f", according to {' and '.join(map(safe, hosts))}, which is not AWS" if hosts else ""
        say(f"{len(report.outcomes)} of {len(report.outcomes)} keys are inactive{where}.")
    report_result(_fields(report), as_json=as_json)
    if not failed:
        return report.unlocked.exit_code if report.unlocked is not None else 0
    error = failed[0].error
    return error.exit_code if error is not None else 7


def _tell_deleted(report: panic.PanicReport) -> list[panic.KeyOutcome]:
    """Report what was deleted and locked. Returns the keys that are not inactive, after saying what to do about them."""
    locked = "is locked." if report.unlocked is None else f"could NOT be locked: {report.unlocked.message}"
    say(f"Deleted {report.sessions} cached sessions. The vault {locked}")
    if report.sign_ins:
        many = "sign-in" if report.sign_ins == 1 else "sign-ins"
        say(f"Deleted {report.sign_ins} {many} to IAM Identity Center.")
    failed = [outcome for outcome in report.outcomes if not outcome.inactive]
    for outcome in failed:
        if not outcome.known:
            user = f"the user {safe(outcome.user)}" if outcome.user else "its user"
            say(
                f"NOT KNOWN to AWS: {outcome.key_id} of {safe(outcome.entry)}: it was deleted, deactivated or replaced"
            )
            say(
                f"  If this is an older copy of the vault, {user} may have a newer key: deactivate it in the IAM console"
            )
            continue
        hint = outcome.error.hint if outcome.error is not None else ""
        say(f"NOT inactive: {outcome.key_id} of {safe(outcome.entry)}: {outcome.result}")
        say("  Deactivate it in the IAM console" + (f"; {hint}" if hint else ""))
    return failed


def _tell_policy(report: panic.PanicReport, *, as_json: bool) -> None:
    """Print the policy that ends the issued sessions, and say to whom to attach it."""
    say(
        "Sessions that were already issued stay valid until they expire, unless you attach this policy to these users and to "
        "the roles:"
    )
    for user in report.users:
        say(f"  {safe(user)}")
    if not as_json:
        emit(json.dumps(panic.policy(report.at), indent=2))


def _fields(report: panic.PanicReport) -> dict[str, object]:
    return {
        "keys": [_key_fields(outcome) for outcome in report.outcomes],
        "cached_sessions": report.sessions,
        "sign_ins": report.sign_ins,
        "locked": report.unlocked is None,
        "lock_error": report.unlocked.message if report.unlocked is not None else None,
        "users": list(report.users),
        "policy": panic.policy(report.at),
    }


def _key_fields(outcome: panic.KeyOutcome) -> dict[str, object]:
    error = outcome.error
    return without_absent(
        {
            "name": outcome.entry,
            "access_key_id": outcome.key_id,
            "inactive": outcome.inactive,
            "known": outcome.known,
            "user": outcome.user or None,
            "host": outcome.at,
            "result": outcome.result,
            "error": error.message if error is not None else None,
            "hint": error.hint if error is not None else None,
            "exit_code": error.exit_code if error is not None else None,
        }
    )
