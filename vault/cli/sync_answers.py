"""Asks at a terminal which version of each conflict to keep, one by one. What is not answered waits."""

from __future__ import annotations

from vault import limits
from vault.cli import sync_view
from vault.cli.terminal import is_terminal, say
from vault.remote.merging import ConflictAnswer
from vault.system.prompts import NoAnswer
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context
    from vault.remote.outcome import KeptVersion, Waiting

_NAME = 60  # characters of a name within a question
_SKIP = ("", "s", "skip")


def possible(context: Context) -> bool:
    """Whether a user sees the versions, and can answer."""
    return is_terminal() and context.interaction.possible()


def ask(context: Context, waiting: Sequence[Waiting]) -> list[ConflictAnswer]:
    """Show each conflict and ask. An empty answer, s and Ctrl-D skip it; after a prompt without an answer, nothing more is asked."""
    answers = []
    for one in waiting:
        sync_view.show_conflict(context.env, one)
        try:
            kept = _asked(context, one)
        except NoAnswer as reason:
            if reason.reason != "cancelled":
                break
            kept = None
        if kept is not None:
            answers.append(ConflictAnswer(one.key, frozenset(each.ref for each in one.versions), kept.ref))
    return answers


def _asked(context: Context, one: Waiting) -> KeptVersion | None:
    """The version to keep; None to skip."""
    ways = dict(
        reversed([(word, each) for word, each in sync_view.numbered(one)])
    )  # of two removals, the first
    named = [f"{word} {_label(one, ways[word])}" for word in sorted(ways)]
    question = f"Keep which version of {_subject(one)}? [{', '.join([*named, 's skip'])}]"
    complaint = ""
    while True:
        typed = context.interaction.plain(
            question, deadline=context.new_deadline(limits.ATTENDED_PROMPT_TIME), complaint=complaint
        ).lower()
        if typed in _SKIP:
            say("Skipped. It waits for your next sync.")
            return None
        if typed in ways:
            return ways[typed]
        complaint = f"Answer {', '.join(sorted(ways))} or s."


def _subject(one: Waiting) -> str:
    return {"strict": "the strict seeds", "seed": f"the MFA seed of {safe(one.name, limit=_NAME)}"}.get(
        one.kind, safe(one.name, limit=_NAME)
    )


def _label(one: Waiting, kept: KeptVersion) -> str:
    """The machine's name, with its ID if another version has the same name; what happened to a removed one."""
    if kept.removed:
        return safe(sync_view.state(kept), limit=_NAME)
    alike = sum(each.by == kept.by and not each.removed for each in one.versions) > 1
    name = safe(kept.by, limit=_NAME) or kept.machine
    return f"{name} ({kept.machine})" if alike else name
