"""The confirmation before something changes: a prompt, or --yes."""

from __future__ import annotations

from vault import limits
from vault.errors import Declined
from vault.system.prompts import NoAnswer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


def sure(context: Context, question: str, *, yes: bool) -> None:
    """Return only after a yes. Raises Declined (10) after a no, and if nobody can answer."""
    if yes:
        return
    try:
        answer = context.interaction.confirm(
            question, deadline=context.new_deadline(limits.ATTENDED_PROMPT_TIME)
        )
    except NoAnswer as reason:
        hint = "use --yes to skip the prompt" if reason.reason == "impossible" else None
        raise Declined(f"cancelled: {reason.message}", hint=hint) from None
    if not answer:
        raise Declined("cancelled")
