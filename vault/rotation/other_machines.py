"""What a rotation knows of the other machines that share the vault, as of the last sync. Pure: payload in, names out."""

from __future__ import annotations

from vault.records import NamedTuple
from vault.remote import local_state, merging
from vault.sync.versions import ENTRY, KEY, kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from vault.store.payload import Entry, Payload
    from vault.sync.local import LocalSync
    from vault.sync.versions import Dot


class MachinesView(NamedTuple):
    """The names of the other machines; of those that may still use the entry's former key; and of the one that rotates its key, or "".

    A machine that was removed does not count.
    """

    machines: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    elsewhere: str = ""


def view(payload: Payload, entry: Entry) -> MachinesView:
    """The other machines, for the key of ``entry``. Damaged if what the vault keeps of them cannot be read."""
    local = local_state.find(payload)
    if local is None or not local.remote.place.url:
        return MachinesView()
    names = [one for one, found in payload.entries.items() if found.access_key_id == entry.access_key_id]
    journals = merging.open_journals(local)
    return MachinesView(
        machines=_names(local, _others(local)),
        waiting=_names(local, _waiting(local, entry, names)),
        elsewhere=next((journals[one] for one in sorted(names) if one in journals), ""),
    )


def _others(local: LocalSync) -> set[str]:
    return {
        machine for machine, line in local.state.machines.items() if machine != local.me and not line.gone
    }


def _names(local: LocalSync, machines: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(local.state.machines[machine].name for machine in machines))


def _waiting(local: LocalSync, entry: Entry, names: list[str]) -> set[str]:
    """The machines that have not merged the edits which gave the entries ``names`` their key, or that keep a version with the
    former key until the user chooses one.
    """
    key_id, journal = entry.access_key_id, entry.journal
    edits: set[Dot] = set()
    for one in names:
        shown = local.shown.get(f"{ENTRY}/{one}")
        if shown is None or shown.content is None or shown.content.get("akid") != key_id:
            return _others(local)  # it was edited after the last sync
        edits.update(
            version.groups.get(KEY, version.dot)
            for version in local.state.items.get(f"{ENTRY}/{one}", ())
            if version.dot in shown.on
            and version.content is not None
            and version.content.get("akid") == key_id
        )
    former = journal.old.access_key_id if journal is not None and journal.old is not None else None
    keeping = {
        version.dot.machine
        for key, found in local.state.items.items()
        for version in found
        if kind(key) == ENTRY and version.content is not None and version.content.get("akid") == former
    }
    return {
        machine
        for machine in _others(local)
        if machine in keeping or not all(_has(local, machine, edit) for edit in edits)
    }


def _has(local: LocalSync, machine: str, edit: Dot) -> bool:
    """Whether the machine made the edit, or merged it at its last sync."""
    merged = local.state.machines[machine].merged
    return edit.machine == machine or merged.get(edit.machine, 0) >= edit.number
