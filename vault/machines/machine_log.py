"""What the log records of machines: a remote that was added or removed, a sync that changed something, a new or a removed machine.

Never a secret, and never a reason for a command to fail.
"""

from __future__ import annotations

from vault.credentials import audit
from vault.machines.machine_name import MOST
from vault.unlocking.keys import OpenedKeys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context
    from vault.remote.outcome import ItemChange, SyncOutcome
    from vault.store.opened import Opened

_SIGNS = {"added": "+", "changed": "~", "removed": "-"}
_NAMED = 12  # items by name in one record, which has room for about 300 bytes


def log_sync(context: Context, opened: Opened, done: SyncOutcome) -> None:
    """Log which items came and went, if any did, and whether this copy is a new machine now."""
    parts = [
        f"{len(changes)} {word}: {_named(changes, by=word == 'came')}"
        for word, changes in (("came", done.came), ("went", done.went))
        if changes
    ]
    if done.taken_over:
        parts.append("this copy of the vault is a new machine")
    if parts:
        _log(context, opened, use="sync", what="; ".join(parts))


def log_added(context: Context, opened: Opened, url: str) -> None:
    """Log ``remote add``."""
    _log(context, opened, use="remote", what=f"added {url}")


def log_left(context: Context, opened: Opened, url: str) -> None:
    """Log ``remote remove``."""
    _log(context, opened, use="remote", what=f"removed {url}")


def log_new_machine(context: Context, opened: Opened, source: str) -> None:
    """Log ``init --from``."""
    _log(context, opened, use="init", what=f"from {source}")


def log_removed_machine(context: Context, opened: Opened, *, name: str, machine: str) -> None:
    """Log that this machine removed another one."""
    _log(context, opened, use="machine", what=f"removed {name[:MOST]} ({machine})")


def _named(changes: Sequence[ItemChange], *, by: bool) -> str:
    words = [
        _SIGNS[one.what] + (one.name or one.kind) + (f" ({one.by[:MOST]})" if by and one.by else "")
        for one in changes[:_NAMED]
    ]
    more = len(changes) - len(words)
    return ", ".join([*words, f"{more} more"] if more else words)


def _log(context: Context, opened: Opened, *, use: str, what: str) -> None:
    keys = OpenedKeys(opened, paths=context.paths, clock=context.clock)
    audit.log_remote(context, keys, use=use, what=what)
