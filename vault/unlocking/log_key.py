"""The key of the log during a change of the cache key, which wraps it. Keeps the log readable, or tells why it is not.

Everything that gives the vault another cache key (clear, rekey, passwd, restore) does so within ``carry_over``.
"""

from __future__ import annotations

from vault import errors
from vault.cache import audit_log, log_state
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vault.context import Context
    from vault.secret import Secret
    from vault.store.vault import Opened


class Before(NamedTuple):
    """The log before a change of the cache key: the key that opens it, or why it cannot be read. Both None: there is no log."""

    opener: Secret | None = None
    trouble: str | None = None


def look(context: Context, keys: Iterable[Secret], *, vault_id: bytes) -> Before:
    """Which of ``keys`` opens the log. They are requested one by one, so put the cheapest first. Raises nothing."""
    try:
        state = log_state.look(context.paths.log, keys, vault_id=vault_id)
    except errors.Error as error:
        return Before(trouble=error.message)
    if state.opener is not None or not state.has_records:
        return Before(state.opener)
    return Before(trouble="its key file is missing" if state.keyless else "no available key can decrypt it")


def carry_over(
    context: Context,
    *,
    old: Secret | None,
    new: Secret,
    vault_id: bytes,
    write: Callable[[], Opened],
    refuse: bool,
) -> tuple[Opened, str | None]:
    """Call ``write``, which gives the vault the cache key ``new``. Returns its result, and why the log is lost, if it
    is.

    ``old`` opens the log; None if there is none to keep. Before the write, the log's key is wrapped with both keys, so
    that a kill loses nothing. Either of the two steps is enough. ``refuse``: if the first fails, raise and change
    nothing.
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
