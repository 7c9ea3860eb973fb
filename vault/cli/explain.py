"""`awsvault-py explain PROFILE`: prints the chain as a tree or as JSON."""

from __future__ import annotations

import click

from vault.cli import shared_options
from vault.cli.command_context import with_context
from vault.cli.profile_argument import profile_or_pick
from vault.cli.terminal import emit_json, emit_titled, use_color

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context
    from vault.inspect.explain import Explained
    from vault.inspect.explain_text import Fact


@click.command("explain")
@shared_options.named("profile")
@shared_options.as_json
@with_context
def command(context: Context, profile: str | None, *, as_json: bool) -> None:
    """Show how PROFILE gets its credentials: each link, each value with its file and line, how long it lasts, and why.

    Also shows what AWS's own tools do with the profile. Does not call AWS, and unlocks the vault only if that needs no
    prompt. A unique prefix of the profile name is enough; without PROFILE, choose one at a terminal.
    """
    from vault.inspect.explain import explain

    found = explain(context, profile_or_pick(context, profile))
    if as_json:
        emit_json(found.document)
        return
    emit_titled(_lines(found), bold=use_color(context.env))


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
