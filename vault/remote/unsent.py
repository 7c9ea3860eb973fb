"""What this machine has edited that the bucket does not have yet, as far as this machine knows. Pure; asks nobody."""

from __future__ import annotations

from vault.records import NamedTuple
from vault.remote import contents
from vault.sync import edits
from vault.sync.shown import NOTHING
from vault.sync.versions import JOURNAL, kind, name, same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.store.opened import Opened
    from vault.sync.local import LocalSync


class UnsentItem(NamedTuple):
    """``kind``: entry, seed or strict."""

    kind: str
    name: str


def unsent(opened: Opened, local: LocalSync, seen: Mapping[str, int]) -> tuple[UnsentItem, ...]:
    """The items that differ from what was shown after the last sync, and those whose edit a sync found and could not send.

    ``seen``: how many edits of each machine the bucket has.
    """
    held = contents.held(opened.payload, opened.file, me=local.me, shown=local.shown)
    held = edits.keep_seeds(local.state, local.shown, held)
    found = {
        key for key in {*held, *local.shown} if not same(held.get(key), local.shown.get(key, NOTHING).content)
    }
    sent = seen.get(local.me, 0)
    found |= {
        key
        for key, versions in local.state.items.items()
        if any(one.dot.machine == local.me and one.dot.number > sent for one in versions)
    }
    return tuple(UnsentItem(kind(key), name(key)) for key in sorted(found) if kind(key) != JOURNAL)
