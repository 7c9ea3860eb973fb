"""Yes or no before something is lost: asked on the terminal, answered by --yes where there is none."""

from __future__ import annotations

from vault import limits
from vault.errors import Declined
from vault.system.prompts import NoAnswer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


def sure(context: Context, question: str, *, yes: bool) -> None:
    """Go on only after a yes. Declined (10) after a no, and where nobody can be asked."""
    if yes:
        return
    try:
        answer = context.interaction.confirm(
            question, deadline=context.new_deadline(limits.ATTENDED_PROMPT_TIME)
        )
    except NoAnswer as reason:
        hint = "use --yes to skip the question" if reason.reason == "impossible" else "nothing was changed"
        raise Declined(f"cancelled: {reason.message}", hint=hint) from None
    if not answer:
        raise Declined("cancelled")
