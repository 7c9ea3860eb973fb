"""A machine whose name in the bucket was used by another: a restored backup, a cloned disk, or a removed machine.

It becomes a new machine. Its edits that the bucket does not have get numbers of the new one, so that none is taken for another.
"""

from __future__ import annotations

from dataclasses import replace

from vault.sync.versions import Dot, MachineLine, SharedState, newest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.sync.shown import Shown
    from vault.sync.versions import Version


def overtaken(state: SharedState, remote: SharedState, machine: str) -> bool:
    """Whether another copy has used ``machine``: the last commit that the bucket has of it is not the one that this state has under its
    number, or there is an edit that stands on more edits of it than this copy has made, and would hide the next ones.
    """
    line, remote_line = state.machines[machine], remote.machines.get(machine, MachineLine())
    if remote_line.last > line.last or any(
        version.seen.get(machine, 0) > line.last
        for known in (state, remote)
        for found in known.items.values()
        for version in found
    ):
        return True
    if not remote_line.marks:
        return False
    last = max(remote_line.marks)
    return line.marks.get(last) != remote_line.marks[last]


def removed(state: SharedState, remote: SharedState, machine: str) -> bool:
    """Whether somebody removed ``machine``."""
    return any(machine in found.machines and found.machines[machine].gone for found in (state, remote))


def take_new_name(
    state: SharedState, shown: Mapping[str, Shown], remote: SharedState, *, machine: str, new: str
) -> tuple[SharedState, dict[str, Shown]]:
    """State and shown items of the same machine as ``new``; the edits that the bucket has of it stay ``machine``'s."""
    local_line, remote_line = state.machines[machine], remote.machines.get(machine, MachineLine())
    sent = max(
        (number for number, mark in remote_line.marks.items() if local_line.marks.get(number) == mark),
        default=0,
    )
    unsent = sorted(
        {
            dot.number
            for found in state.items.values()
            for v in found
            for dot in (v.dot, *v.groups.values())  # a group may name an edit that a later one replaced
            if dot.machine == machine and dot.number > sent
        }
    )
    dots = {Dot(machine, number): Dot(new, place) for place, number in enumerate(unsent, 1)}
    items = {
        key: newest(_moved(version, dots, sent) for version in found) for key, found in state.items.items()
    }
    kept = replace(
        local_line,
        last=min(local_line.last, sent),
        marks={number: mark for number, mark in local_line.marks.items() if number <= sent},
    )
    fresh = MachineLine(last=len(unsent), name=local_line.name, at=local_line.at)
    moved = {
        key: found._replace(on=tuple(dots.get(dot, dot) for dot in found.on)) for key, found in shown.items()
    }
    return SharedState(items, {**state.machines, machine: kept, new: fresh}), moved


def _moved(version: Version, dots: Mapping[Dot, Dot], sent: int) -> Version:
    """The version under its new dot, and with the new dots of what it names."""
    new = dots.get(version.dot)
    if new is None:
        return version
    old = version.dot.machine
    seen = {**version.seen, old: min(version.seen[old], sent), new.machine: new.number}
    return replace(
        version,
        dot=new,
        seen={machine: number for machine, number in seen.items() if number},
        groups={group: dots.get(dot, dot) for group, dot in version.groups.items()},
        beside=frozenset(dots.get(dot, dot) for dot in version.beside),
    )
