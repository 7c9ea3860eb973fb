"""How old the vault's keys are and when they were last used, by AWS's own word where it gives it. Prints nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vault import errors
from vault.flows import rotation, rotations
from vault.flows.strangers import Strangers

if TYPE_CHECKING:
    from vault.aws.iam import Use
    from vault.flows.context import Context
    from vault.store.vault import Opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One entry's key. ``age`` is seconds; ``exact`` says that AWS told it, else it is the time in the vault.

    ``kept_until`` is when the grace of an old key ends (Unix seconds); ``step`` an interrupted rotation's.
    """

    name: str
    key_id: str
    age: int
    exact: bool
    used: Use | None = None
    used_known: bool = False
    kept_until: int | None = None
    step: str | None = None
    trouble: str | None = None

    def is_due(self, policy: int, *, now: float) -> bool:
        """Whether the key is older than ``policy`` seconds, or an earlier rotation waits to be finished."""
        over = self.kept_until is not None and self.kept_until <= now
        return self.age > policy or over or self.step is not None


def look(context: Context, opened: Opened, *, ask: bool = True) -> list[Health]:
    """Each entry's key, in order of names. ``ask``: AWS is asked; what it does not tell is the vault's own word."""
    return [_one(context, opened, name, ask=ask) for name in sorted(opened.payload.entries)]


def _one(context: Context, opened: Opened, name: str, *, ask: bool) -> Health:
    entry = opened.payload.entries[name]
    now = context.clock.time()
    journal = entry.journal
    grace = rotation.grace_ends(journal) if journal is not None and journal.step == "grace" else None
    health = Health(
        name=name,
        key_id=entry.access_key_id,
        age=max(0, int(now - entry.created)),
        exact=False,
        kept_until=grace,
        step=journal.step if journal is not None and grace is None else None,
    )
    if not ask:
        return health
    try:
        strangers = Strangers(context, tell=lambda _: None)
        prospect = rotations.prepare(context, opened, name, strangers=strangers, tell=lambda _: None)
    except errors.Error as error:
        return replace(health, trouble=error.message)
    key = prospect.view.key(entry.access_key_id)
    if key is None:
        return replace(health, trouble="AWS's list does not have it")
    return replace(
        health, age=prospect.view.now - key.created, exact=True, used=key.used, used_known=key.asked
    )
