"""Issues a recovery code: shows it once on the terminal and has the user type it back. Stores nothing."""

from __future__ import annotations

from vault import limits
from vault.errors import Declined
from vault.store.slots.recovery import new_code, read_code, write_code
from vault.system.prompts import NoAnswer, has_terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.secret import Secret

_TRIES = 3


def can_be_issued(context: Context) -> bool:
    """Whether there is a terminal to show a code on. A pinentry window closes before the user can copy it."""
    return context.settings.prompt in ("auto", "tty", "notification") and has_terminal()


def issue(context: Context) -> Secret:
    """A new code that the user has written down and typed back.

    Raises Declined if the user did not type it back; nothing was changed then.
    """
    code = new_code()
    ask = context.interaction
    ask.tell(
        "Your recovery code unlocks the vault without the passphrase. Write it on paper, and keep the paper away from this "
        "machine:"
    )
    ask.tell("")
    ask.tell(f"    {write_code(code)}")
    ask.tell("")
    complaint = ""
    for _ in range(_TRIES):
        try:
            typed = ask.hidden(
                "Type the code from the paper",
                deadline=context.new_deadline(limits.ATTENDED_PROMPT_TIME),
                complaint=complaint,
            )
        except NoAnswer as answer:
            raise Declined(answer.told("no recovery code was created")) from None
        if read_code(typed) == code:
            return code
        complaint = "This code is different. Check the paper and type it again."
    raise Declined("no recovery code was created: the code that you typed is different")
