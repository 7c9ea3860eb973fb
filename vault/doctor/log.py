"""Checks of the log: whether the vault that lies there opens it, and what was put aside."""

from __future__ import annotations

from vault import errors
from vault.cache import log_state
from vault.doctor.findings import Finding
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.doctor.facts import Facts


def unreadable_log(s: Facts) -> Iterator[Finding]:
    """A log that the vault's key does not open, or that was put aside for it."""
    if s.opened is None:
        return
    try:
        state = log_state.look(s.paths.log, [s.opened.cache_key], vault_id=s.opened.vault_id)
    except errors.Error:
        return  # its folder is open to others, or a link: open-vault-files, and every export, say so
    if state.there and state.opener is None:
        yield Finding(
            level="warning",
            where=safe(s.paths.log),
            message="its key file is gone, so no record can be read"
            if state.keyless
            else "the log does not open under this vault's key: the vault is an older copy or another machine's, or the log is",
            fix="if you did not put a copy back, compare with CloudTrail; the next export starts a new log and keeps this "
            "one as unreadable.N.*",
        )
    elif state.aside:
        yield Finding(
            level="note",
            where=safe(s.paths.log),
            message=f"earlier logs that did not open lie there: {', '.join(state.aside)}",
            fix="to read one, restore the backup of its time; to forget one, delete its files",
        )
