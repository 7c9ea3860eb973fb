"""`awsvault-py explain PROFILE`: prints the chain as a tree or as JSON."""

from __future__ import annotations

from vault.cli.terminal import emit_json, emit_titled, use_color

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context
    from vault.inspect.explain import Explained
    from vault.inspect.explain_text import Fact


def show(context: Context, profile: str, *, as_json: bool) -> int:
    """Run the command without --live."""
    from vault.inspect.explain import explain

    found = explain(context, profile)
    if as_json:
        emit_json(found.document)
        return 0
    emit_titled(_lines(found), bold=use_color(context.env))
    return 0


def live(context: Context, profile: str, *, mfa_code: str | None, as_json: bool, yes: bool) -> int:
    """Run the command with --live."""
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
