"""`awsvault-py explain PROFILE`: prints the chain as a tree or as JSON."""

from __future__ import annotations

import click

from vault.cli import shared_options
from vault.cli.command_context import with_context
from vault.cli.profile_argument import profile_or_pick
from vault.cli.terminal import emit_json, emit_titled, use_color
from vault.errors import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context
    from vault.inspect.explain import Explained
    from vault.inspect.explain_text import Fact


@click.command("explain")
@shared_options.named("profile")
@click.option("--live", is_flag=True, help="Call AWS for each link, and find out why one is refused.")
@shared_options.mfa_code
@shared_options.as_json
@click.option("--yes", is_flag=True, help="With --live: do not prompt for confirmation.")
@with_context
def command(
    context: Context, profile: str | None, *, live: bool, mfa_code: str | None, as_json: bool, yes: bool
) -> int:
    """Show how PROFILE gets its credentials: each link, each value with its file and line, how long it lasts, and why.

    Also shows what AWS's own tools do with the profile. Does not call AWS, and unlocks the vault only if that needs no
    prompt. A unique prefix of the profile name is enough; without PROFILE, choose one at a terminal.

    With --live, it calls AWS instead, after it has said how many calls and MFA codes that takes. If AWS refuses a link, it
    says which side refuses and what to change, and prints the policies that are missing. The exit code is then 1. No session
    is printed, cached or logged.
    """
    if live:
        return _live(context, profile_or_pick(context, profile), mfa_code=mfa_code, as_json=as_json, yes=yes)
    if yes or mfa_code is not None:
        raise Usage(f"{'--yes' if yes else '--mfa-code'} needs --live", hint="add --live, or leave it out")
    from vault.inspect.explain import explain

    found = explain(context, profile_or_pick(context, profile))
    if as_json:
        emit_json(found.document)
        return 0
    emit_titled(_lines(found), bold=use_color(context.env))
    return 0


def _live(context: Context, profile: str, *, mfa_code: str | None, as_json: bool, yes: bool) -> int:
    from vault.cli import live_report
    from vault.cli.sign_in_offer import offering
    from vault.credentials.request import Request
    from vault.inspect import live_check

    request = Request(profile, mfa_code=mfa_code, start=True)
    agree = live_report.agreement(context, yes=yes)
    report = offering(context, lambda context: live_check.check(context, request, agree=agree))
    if as_json:
        emit_json(live_report.document(report))
    else:
        live_report.emit_report(context.env, report, now=context.clock.time())
    return 0 if report.refusal is None else 1


def _lines(found: Explained) -> list[tuple[str, str]]:
    """The lines to print, each in two parts: the plain start, and the title that may be bold."""
    lines = [("", found.profile), *_facts(found.facts, "  ")]
    for number, step in enumerate(found.steps, 1):
        last = number == len(found.steps)
        lines.append(("└─ " if last else "├─ ", f"{number}. {step.title}"))
        lines += _facts(step.facts, "     " if last else "│    ")
    lines += [("", ""), (f"The AWS CLI and AWS's current SDKs {found.sdk}.", "")]
    lines += [(f"! {warning}", "") for warning in found.warnings]
    return lines


def _facts(facts: Sequence[Fact], indent: str) -> list[tuple[str, str]]:
    width = max((len(fact.name) for fact in facts), default=0)
    return [
        (f"{indent}{fact.name.ljust(width)}  {fact.value}" + (f"  ({fact.place})" if fact.place else ""), "")
        for fact in facts
    ]
