"""`awsvault-py unlock`: unlocks the vault and lets the agent keep it unlocked."""

from __future__ import annotations

import click

from vault import limits
from vault.cli import shared_options
from vault.cli.command_context import with_context
from vault.cli.result import report_result
from vault.cli.terminal import local, rfc3339, say, span
from vault.unlocking import key_handover

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


@click.command(name="unlock")
@click.option(
    "--install-service",
    is_flag=True,
    help="Install systemd units that start the agent on demand. Does not unlock.",
)
@click.option("--strict", is_flag=True, help="Unlock the strict MFA seeds too, for five minutes.")
@shared_options.as_json
@with_context
def command(context: Context, *, install_service: bool, strict: bool, as_json: bool) -> None:
    """Unlock the vault and let the agent keep it unlocked, so that exports need no prompt.

    The vault locks again after 4 hours without use (agent_idle in config.toml), after 12 hours in any case (agent_max), when
    the machine sleeps, and when you run `lock`.
    """
    if install_service:
        from vault.agent_process import systemd_units

        files = systemd_units.install(context)
        for path in files:
            say(f"Wrote {path}")
        say(f"Next: {systemd_units.NEXT}")
        report_result({"files": list(files), "next": systemd_units.NEXT}, as_json=as_json)
        return
    from vault.unlocking import lock_unlock

    done = lock_unlock.unlock_vault(context)
    now = context.clock.time()
    until = now + done.hard
    if done.hard:
        say(f"Unlocked until {local(until)}, or for {span(done.idle)} without use.")
    else:
        say("No longer locked. The agent is off, so each command unlocks the vault itself.")
    for warning in done.warnings:
        say(f"Warning: {warning}")
    strict_until = _unlock_strict(context) if strict else None
    report_result(
        {
            "kept": bool(done.hard),
            "idle_until": rfc3339(min(until, now + done.idle)) if done.hard else None,
            "until": rfc3339(until) if done.hard else None,
            "strict_until": rfc3339(strict_until) if strict_until is not None else None,
            "warnings": list(done.warnings),
        },
        as_json=as_json,
    )


def _unlock_strict(context: Context) -> float | None:
    """Unlock the strict seeds. Returns until when, in Unix seconds; None if no agent can keep them unlocked."""
    from vault.store import vault
    from vault.unlocking import strict_seeds

    key = strict_seeds.ask(context, purpose="to unlock them")
    held = key_handover.hand_over_strict(context, key, vault_id=vault.read_header(context.paths).vault_id)
    say(
        "The strict seeds are unlocked for five minutes."
        if held
        else "The strict seeds stay locked: no agent is running."
    )
    return context.clock.time() + limits.STRICT_TIME if held else None
