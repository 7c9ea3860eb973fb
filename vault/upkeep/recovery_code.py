"""A recovery code for a person: shown once on the terminal, typed back once, kept nowhere. Writes no file."""

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
    """Whether a person sits at a terminal: a window that comes and goes is no place to copy a code from."""
    return context.settings.prompt in ("auto", "tty") and has_terminal()


def issue(context: Context) -> Secret:
    """A new code that a person has written down and typed back. Declined where they did not; nothing was changed then."""
    code = new_code()
    ask = context.interaction
    ask.tell(
        "Your recovery code opens the vault without the passphrase. Write it on paper and keep it apart:"
    )
    ask.tell("")
    ask.tell(f"    {write_code(code)}")
    ask.tell("")
    complaint = ""
    for _ in range(_TRIES):
        try:
            typed = ask.hidden(
                "Type it back from the paper",
                deadline=context.new_deadline(limits.ATTENDED_PROMPT_TIME),
                complaint=complaint,
            )
        except NoAnswer as answer:
            raise Declined(f"no recovery code was made: {answer.message}") from None
        if read_code(typed) == code:
            return code
        complaint = "That is not the code; look at the paper and type it once more."
    raise Declined("no recovery code was made: what was typed back is another one")
