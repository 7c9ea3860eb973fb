"""Checks of the log: whether this vault's key can read it, and which earlier logs were set aside."""

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
    """A log that the vault's key cannot read, or that was set aside for this reason."""
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
            else "this vault's key cannot read the log: one of them is an older copy or from another machine",
            hint="if you did not restore a copy, compare with CloudTrail. The next export will start a new log and rename this "
            "one to unreadable.N.*",
        )
    elif state.aside:
        yield Finding(
            level="note",
            where=safe(facts.paths.log),
            message=f"there are earlier logs that could not be read: {', '.join(state.aside)}",
            hint="to read one, restore a backup from its time; to discard one, delete its files",
        )
