"""Gets a passphrase or recovery code for a command that needs the secret itself, from the environment or a prompt."""

from __future__ import annotations

from vault import limits
from vault.errors import Locked, WrongPassphrase
from vault.unlocking import passphrase_sources
from vault.unlocking.unlock import TYPE_IT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from vault.context import Context
    from vault.secret import Secret

    T = TypeVar("T")


_TRIES = 3


def open_with_secret(
    context: Context, open_with: Callable[[Secret], T], *, note: str, or_typed: bool = False
) -> T:
    """Call ``open_with`` with the user's secret and return its result. Prompts again after a WrongPassphrase.

    ``note`` tells the user what the secret is for. ``or_typed``: prompts too if the one of the environment is wrong, because it may
    be that of something else. Raises WrongPassphrase, or Locked if there is no secret and no prompt.
    """
    search = passphrase_sources.search(context)
    if search.found is not None:
        try:
            return open_with(search.found.secret)
        except WrongPassphrase as error:
            if not (or_typed and context.interaction.possible()):
                raise WrongPassphrase(
                    f"{error.message} (it is from {search.found.source})", hint=error.hint
                ) from None
    if not context.interaction.possible():
        tried = ", ".join([*search.tried, f"prompt ({context.interaction.obstacle()})"])
        raise Locked(f"the passphrase or a recovery code is needed; tried {tried}", hint=TYPE_IT)
    complaint, tries = "", _TRIES
    while True:
        typed = context.interaction.hidden(
            "Passphrase",
            deadline=context.new_deadline(limits.ATTENDED_PROMPT_TIME),
            note=note,
            complaint=complaint,
        )
        try:
            return open_with(typed)
        except WrongPassphrase as error:
            tries -= 1
            if not tries:
                raise
            complaint = f"{error.message}; try again."
