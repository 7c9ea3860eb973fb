"""Asks for confirmation before something changes, unless --yes is given."""

from __future__ import annotations

from vault import limits
from vault.errors import Declined
from vault.system.prompts import NoAnswer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.system.clock import Deadline


def confirm(context: Context, question: str, *, yes: bool, more: str = "") -> None:
    """Ask ``question`` and return if the user says yes. Raises Declined if the user says no, or if no prompt is possible.

    ``more`` is escaped text that the answer d shows in a pager, at a terminal.
    """
    if yes:
        return
    try:
        answer = context.interaction.confirm(
            question,
            deadline=context.new_deadline(limits.ATTENDED_PROMPT_TIME),
            show=(lambda: _shown(context, more)) if more else None,
        )
    except NoAnswer as reason:
        hint = "use --yes to skip the prompt" if reason.reason == "impossible" else None
        raise Declined(reason.told(), hint=hint) from None
    if not answer:
        raise Declined("cancelled")


def _shown(context: Context, text: str) -> Deadline:
    """Show ``text`` in a pager. Returns a new deadline for the answer."""
    from vault.system import pager

    pager.show(text + "\n", env=context.child_env())
    return context.new_deadline(limits.ATTENDED_PROMPT_TIME)
