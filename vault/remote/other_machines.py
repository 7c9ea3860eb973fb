"""What a rotation of this machine knows of the others that share the vault, as of the last sync. Pure: payload in, names out."""

from __future__ import annotations

from vault import limits
from vault.records import NamedTuple
from vault.remote import local_state, merging
from vault.remote.machine_names import all_called
from vault.remote.summary import RotationWait
from vault.sync import shown as views
from vault.sync import versions
from vault.sync.versions import ENTRY, KEY, kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vault.store.payload import Entry, Payload, RotationJournal
    from vault.sync.local import LocalSync
    from vault.sync.versions import Dot


_NAMED = 8  # machines by name for one rotation; of the others, there is the number


class MachinesView(NamedTuple):
    """The names of the other machines; of those that may still use the entry's former key; and of the one that rotates its key, or "".

    ``held``: the IDs of keys that no entry here has, and another machine has or rotates, with the names of their entries. A machine that
    was removed does not count.
    """

    machines: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    elsewhere: str = ""
    held: Mapping[str, str] = {}  # never changed


def view(payload: Payload, entry: Entry) -> MachinesView:
    """The other machines, for the key of ``entry``. Damaged if what the vault keeps of them cannot be read."""
    local = local_state.find(payload)
    if local is None or not local.remote.place.url:
        return MachinesView()
    names = _with_key_of(payload, entry)
    journals = merging.open_journals(local)
    lines = local.state.machines
    known = {found.access_key_id for found in payload.entries.values()}
    return MachinesView(
        machines=all_called(lines, _others(local)),
        waiting=all_called(lines, _waiting(local, entry, names)),
        elsewhere=next((journals[one] for one in sorted(names) if one in journals), ""),
        held={key_id: one for key_id, one in _held(local) if key_id not in known},
    )


def may_wait(journal: RotationJournal) -> bool:
    """Whether the replaced key stays active until the others have synced. With --delete-now, the user does not wait for them."""
    return journal.step == "retire" or (journal.step == "drop" and journal.taken_back)


def active_until(journal: RotationJournal) -> int:
    """When the replaced key is deactivated although a machine is missing, in Unix seconds."""
    return journal.began + limits.MACHINES_GRACE


def waits(payload: Payload, local: LocalSync) -> tuple[RotationWait, ...]:
    """The rotations of this machine whose old key is still active, right after a sync: what other commands show of them.

    Before that sync, the others do not know the new key, and the rotation was interrupted.
    """
    found = []
    for name, entry in sorted(payload.entries.items()):
        journal = entry.journal
        if journal is not None and journal.old is not None and may_wait(journal):
            missing = _waiting(local, entry, _with_key_of(payload, entry))
            names = all_called(local.state.machines, missing)
            found.append(
                RotationWait(
                    name,
                    entry.access_key_id,
                    journal.old.access_key_id,
                    active_until(journal),
                    names[:_NAMED],
                    len(names[_NAMED:]),
                )
            )
    return tuple(found)


def _with_key_of(payload: Payload, entry: Entry) -> list[str]:
    return [one for one, found in payload.entries.items() if found.access_key_id == entry.access_key_id]


def waited_for(payload: Payload) -> dict[str, tuple[str, ...]]:
    """The machines for which an old key stays active, by the name of the entry. Damaged."""
    found = {
        name: view(payload, entry).waiting
        for name, entry in sorted(payload.entries.items())
        if entry.journal is not None and may_wait(entry.journal)
    }
    return {name: waiting for name, waiting in found.items() if waiting}


def _held(local: LocalSync) -> Iterator[tuple[str, str]]:
    """The keys of all versions that wait for an answer, and of other machines' rotations, with the names of their entries."""
    for key in views.conflicts(local.shown):
        for version in local.state.items[key] if kind(key) == ENTRY else ():
            if version.content is not None:
                yield version.content["akid"], versions.name(key)
    for one in merging.journals_of_others(local):
        for part in ("old", "new"):
            if part in one.content:
                yield one.content[part]["akid"], one.entry


def _others(local: LocalSync) -> set[str]:
    return {
        machine for machine, line in local.state.machines.items() if machine != local.me and not line.gone
    }


def _waiting(local: LocalSync, entry: Entry, names: list[str]) -> set[str]:
    """The machines that have not merged the edits which gave the entries ``names`` their key. All of them while a version with the
    former key waits for an answer, because nobody else knows which version a machine uses.
    """
    key_id, journal = entry.access_key_id, entry.journal
    edits: set[Dot] = set()
    for one in names:
        shown = local.shown.get(f"{ENTRY}/{one}")
        if shown is None or shown.content is None or shown.content.get("akid") != key_id:
            return _others(local)  # it was edited after the last sync
        made = {
            version.groups.get(KEY, version.dot)
            for version in local.state.items.get(f"{ENTRY}/{one}", ())
            if version.dot in shown.on
            and version.content is not None
            and version.content.get("akid") == key_id
        }
        if not made:
            return _others(local)  # two copies of one machine made it, and an edit does not tell which
        edits |= made
    former = journal.old.access_key_id if journal is not None and journal.old is not None else None
    for key in views.conflicts(local.shown):
        for version in local.state.items[key] if kind(key) == ENTRY else ():
            if version.content is not None and version.content.get("akid") == former:
                return _others(local)
    return {machine for machine in _others(local) if not all(_has(local, machine, edit) for edit in edits)}


def _has(local: LocalSync, machine: str, edit: Dot) -> bool:
    """Whether the machine made the edit, or merged it at its last sync."""
    merged = local.state.machines[machine].merged
    return edit.machine == machine or merged.get(edit.machine, 0) >= edit.number
