"""The log's key and a change of the cache key, which seals it: the log stays readable, or a person is told why not.

Whatever gives the vault another cache key (clear, rekey and the like, restore) does so within ``carried``.
"""

from __future__ import annotations

from typing import NamedTuple

from vault import errors
from vault.cache import audit_log, log_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vault.context import Context
    from vault.secret import Secret
    from vault.store.vault import Opened


class Before(NamedTuple):
    """The log before a change of the cache key: the key that opens it, or why it cannot be read; neither without a log."""

    opener: Secret | None = None
    trouble: str | None = None


def look(context: Context, keys: Iterable[Secret], *, vault_id: bytes) -> Before:
    """Which of ``keys`` opens the log: they are asked for one by one, so the cheapest comes first. Raises nothing."""
    try:
        state = log_state.look(context.paths.log, keys, vault_id=vault_id)
    except errors.Error as error:
        return Before(trouble=error.message)
    if state.opener is not None or not state.there:
        return Before(state.opener)
    return Before(trouble="its key file is missing" if state.keyless else "no available key can decrypt it")


def carried(
    context: Context,
    *,
    old: Secret | None,
    new: Secret,
    vault_id: bytes,
    write: Callable[[], Opened],
    refuse: bool,
) -> tuple[Opened, str | None]:
    """Do ``write``, which gives the vault the cache key ``new``; what came of it, and why the log is lost, if it is.

    ``old`` opens the log, None where there is none to keep. Before the write the log's key is kept under both, so that a
    kill loses nothing; either of the two steps is enough. ``refuse``: where the first fails, raise and change nothing.
    """

    def keep(*, ahead: bool) -> str | None:
        if old is None:
            return None
        try:
            audit_log.rewrap(
                context.paths.log,
                old=old,
                new=new,
                vault_id=vault_id,
                deadline=context.new_deadline(),
                ahead=ahead,
            )
        except errors.Error as error:
            if ahead and refuse:
                raise
            return error.message
        return None

    before = keep(ahead=True)
    written = write()
    after = keep(ahead=False)
    return written, after if before is not None else None
