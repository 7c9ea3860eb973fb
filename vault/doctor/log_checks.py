"""Checks of the log: whether this vault's key opens it, and which earlier logs were put aside."""

from __future__ import annotations

from vault import errors
from vault.cache import log_state
from vault.doctor.findings import Finding
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.doctor.facts import Facts


def unreadable_log(facts: Facts) -> Iterator[Finding]:
    """A log that the vault's key does not open, or that was put aside for this reason."""
    if facts.opened is None:
        return
    try:
        state = log_state.look(facts.paths.log, [facts.opened.cache_key], vault_id=facts.opened.vault_id)
    except errors.Error:
        return  # its folder is open to others, or a link: open-vault-files and every export say so
    if state.has_records and state.opener is None:
        yield Finding(
            level="warning",
            where=safe(facts.paths.log),
            message="its key file is missing, so no record can be read"
            if state.keyless
            else "this vault's key does not open the log: one of them is an older copy or from another machine",
            hint="if you did not restore a copy, compare with CloudTrail; the next export starts a new log and keeps "
            "this one as unreadable.N.*",
        )
    elif state.aside:
        yield Finding(
            level="note",
            where=safe(facts.paths.log),
            message=f"there are earlier logs that could not be opened: {', '.join(state.aside)}",
            hint="to read one, restore the backup of its time; to discard one, delete its files",
        )
