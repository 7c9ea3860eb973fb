"""The confirmation before something changes: a prompt, or --yes."""

from __future__ import annotations

from vault import limits
from vault.errors import Declined
from vault.system.prompts import NoAnswer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.system.clock import Deadline


def sure(context: Context, question: str, *, yes: bool, more: str = "") -> None:
    """Return only after a yes. Raises Declined (10) after a no, and if nobody can answer.

    ``more``, escaped: what the answer d shows at a terminal, in a pager.
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
        raise Declined(f"cancelled: {reason.message}", hint=hint) from None
    if not answer:
        raise Declined("cancelled")


def _shown(context: Context, text: str) -> Deadline:
    """Show ``text`` in a pager. The time to answer begins again."""
    from vault.system import pager

    pager.show(text + "\n", env=context.child_env())
    return context.new_deadline(limits.ATTENDED_PROMPT_TIME)
