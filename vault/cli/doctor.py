"""`awsvault-py doctor`: reports known problems with their fixes, and applies the safe ones."""

from __future__ import annotations

from dataclasses import replace

import click

from vault import context as contexts
from vault.cli import shared_options
from vault.cli.change_view import show
from vault.cli.confirm import confirm
from vault.cli.result import line_printer
from vault.cli.terminal import emit, emit_json, say, use_color, without_absent
from vault.doctor import fixes
from vault.doctor.checks import CHECKS, run
from vault.doctor.findings import ORDER, Finding
from vault.doctor.gather import gather
from vault.errors import Usage
from vault.settings import with_place
from vault.system.front import command_path, native
from vault.system.replace_file import hands_off
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vault.context import Context

_COLORS = {"error": "red", "warning": "yellow", "note": "blue"}


@click.command(name="doctor")
@click.option("--fix", is_flag=True, help="Fix what can be fixed safely, after showing it.")
@click.option("--network", is_flag=True, help="Also ask AWS for the time, to check this machine's clock.")
@click.option("--notes", is_flag=True, help="Show the notes instead of only counting them.")
@click.option(
    "--live", metavar="PROFILE", help="Also call AWS for each link of PROFILE, as explain --live does."
)
@shared_options.mfa_code
@shared_options.as_json
@click.option("--yes", is_flag=True, help="With --fix or --live: do not prompt.")
def command(
    *, fix: bool, network: bool, notes: bool, live: str | None, mfa_code: str | None, as_json: bool, yes: bool
) -> int:
    """Check the vault, AWS's files, the environment and the agent for problems.

    Each finding says where the problem is, what it causes, and how to fix it. Notes need no action: doctor only counts them,
    unless you use --notes or --json. The exit code is 1 if there is a warning or an error, otherwise 0.
    """
    if mfa_code is not None and live is None:
        raise Usage("--mfa-code needs --live", hint="add --live PROFILE, or leave it out")
    context = contexts.from_process(attended=True)
    refused = _refused(context, live, mfa_code=mfa_code, yes=yes) if live is not None else []
    found = gather(context, network=network)
    findings = run(found, network=network)
    fixed: dict[str, object] = {"fixed": [], "not_fixed": []} if fix else {}
    if fix:
        edits, rest = fixes.changes(found.files, findings), fixes.others(findings)
        if edits or rest:
            line = line_printer(as_json=as_json)
            show(edits, line=line)
            for one in rest:
                line(fixes.described(one))
            confirm(context, "Apply these changes?", yes=yes)
            not_fixed = fixes.apply(context, edits, rest)
            for left in not_fixed:
                say(f"Not changed: {left}")
            written = [edit.path for edit in edits if hands_off(edit.path) is None]
            fixed = {"fixed": [*written, *(one.path for one in rest)], "not_fixed": not_fixed}
            findings = run(gather(context, network=network), network=network)
        else:
            say("Nothing can be fixed automatically.")
    findings = sorted([*refused, *findings], key=lambda finding: ORDER.index(finding.level))
    findings = [_placed(context, finding) for finding in findings]
    if as_json:
        emit_json({"findings": [_json(finding) for finding in findings], **fixed})
    else:
        _print(context.env, findings, notes=notes)
    return 1 if any(finding.level != "note" for finding in findings) else 0


def _placed(context: Context, finding: Finding) -> Finding:
    """``finding``; its hint names the path of config.toml."""
    hint = finding.hint
    return replace(finding, hint=with_place(hint, context.paths.config_toml)) if hint else finding


def _refused(context: Context, profile: str, *, mfa_code: str | None, yes: bool) -> list[Finding]:
    """The finding about the link of ``profile`` that AWS refuses, if there is one."""
    from vault.cli import live_report
    from vault.cli.sign_in_offer import offering
    from vault.credentials.request import Request
    from vault.inspect import live_check

    request = Request(profile, mfa_code=mfa_code, start=True)
    agree = live_report.agreement(context, yes=yes)
    report = offering(context, lambda context: live_check.check(context, request, agree=agree))
    found = live_report.summary(report)
    if found is None:
        say(f"Every link of profile {safe(report.profile)} passed.")
        return []
    where, message, hint = found
    return [Finding(check="refused-link", level="error", where=where, message=message, hint=hint)]


def _json(finding: Finding) -> dict[str, object]:
    return without_absent(
        {
            "level": finding.level,
            "check": finding.check,
            "where": finding.where,
            "message": finding.message,
            "fix": finding.hint,
        }
    )


def _print(env: Mapping[str, str], findings: Sequence[Finding], *, notes: bool) -> None:
    """Print each finding with its fix, and why it matters once per check. Without ``notes``, notes are only counted."""
    reasons = {check.name: check.why for check in CHECKS}
    for finding in findings:
        if finding.level == "note" and not notes:
            continue
        level = finding.level
        if use_color(env):
            level = click.style(level, fg=_COLORS[level])  # type: ignore[assignment]
        text = safe(f"{finding.where}: {finding.message} [{finding.check}]", limit=2000)
        click.echo(f"{level}: {text}")
        why = reasons.pop(finding.check, None)
        if why is not None:
            emit(f"    {why}")
        if finding.hint is not None:
            emit(f"    → {finding.hint}")
    if notes:
        front = native()
        say(f"Front: {'native' if front else 'Python'} ({safe(front or command_path(env))})")
    say(_summary(findings, notes=notes))


def _summary(findings: Sequence[Finding], *, notes: bool) -> str:
    counts = {level: sum(f.level == level for f in findings) for level in ("error", "warning", "note")}
    said = ", ".join(
        f"{count} {level}{'s' if count != 1 else ''}" for level, count in counts.items() if count
    )
    more = " (to show them: awsvault-py doctor --notes)" if counts["note"] and not notes else ""
    if counts["error"] or counts["warning"]:
        return f"{said}{more}."
    return f"No problems. {said}{more}." if said else "No problems."
