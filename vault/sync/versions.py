"""Versions of a vault's items on several machines, and the least state that stands on two states.

Pure: values in, values out; no file, no clock, no network. A *state* is what all machines share. It keeps for each item
the versions of which none stands on another. Whatever order machines meet in, merging leads to the same state.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    Content = dict[str, Any] | None  # a JSON object; None: the item was removed

ENTRY, SEED, JOURNAL, STRICT = "entry", "seed", "journal", "strict"
# The fields of an entry that are replaced together. An edit of one group does not conflict with an edit of another.
KEY = "key"
GROUPS = {KEY: ("akid", "sak", "account", "user", "created"), "mfa": ("mfa_serial",)}
REST = "rest"  # the group of every other field, and the one group of an item that is no entry
IGNORED = "created"  # one key that was stored on two machines in different seconds is one key


class Dot(NamedTuple):
    """One edit: the machine that made it, and its number among that machine's edits, from 1."""

    machine: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One edit of one item. It stands on the edits of this item up to ``seen``, except those in ``beside``.

    ``beside``: a vector has no gaps, so the edits that lay beside what the editor was shown are named. ``groups``: the edit
    that last changed each group of fields. ``by`` and ``at``: the name of the machine, and Unix seconds, for users.
    """

    dot: Dot
    seen: Mapping[str, int]
    content: Content = field(repr=False)
    groups: Mapping[str, Dot] = field(default_factory=dict)
    beside: frozenset[Dot] = frozenset()
    by: str = ""
    at: int = 0
    renamed_to: str = ""

    def stands_on(self, dot: Dot) -> bool:
        """Whether this is that edit, or was made by somebody who was shown it."""
        return self.seen.get(dot.machine, 0) >= dot.number and dot not in self.beside

    def order(self) -> str:
        """A text that differs where the version differs: all machines sort by it."""
        parts = (self.dot, self.seen, self.content, self.groups, sorted(self.beside))
        return json.dumps((*parts, self.by, self.at, self.renamed_to), sort_keys=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineLine:
    """What a machine says of itself: the number of its last edit, and a random mark of each commit, by its last number.

    ``merged``: how many edits of each machine it had at its last sync. ``gone``: it was removed, and stays so.
    """

    last: int = 0
    marks: Mapping[int, str] = field(default_factory=dict)
    name: str = ""
    at: int = 0
    merged: Mapping[str, int] = field(default_factory=dict)
    gone: bool = False

    def order(self) -> tuple[int, int, str]:
        """The later of two lines is the greater one."""
        return self.last, self.at, json.dumps((self.name, sorted(self.marks.items())))


@dataclass(frozen=True, slots=True)
class SharedState:
    """What all machines share. ``items``: by ``entry/NAME``, ``seed/SERIAL``, ``journal/MACHINE/NAME`` or ``strict``."""

    items: Mapping[str, tuple[Version, ...]] = field(default_factory=dict)
    machines: Mapping[str, MachineLine] = field(default_factory=dict)

    def lasts(self) -> dict[str, int]:
        """How far each machine's edits have come: what is pinned, because no later state may lack it."""
        return {machine: line.last for machine, line in self.machines.items()}


def kind(key: str) -> str:
    """ENTRY, SEED, JOURNAL or STRICT."""
    return key.partition("/")[0]


def name(key: str) -> str:
    """The name in the key of an entry, the serial number in that of a seed."""
    return key.partition("/")[2]


def same(one: Content, other: Content) -> bool:
    """Whether two contents are one, whenever they were stored."""
    if one is None or other is None:
        return one is other
    return one == other or _essence(one) == _essence(other)


def _essence(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != IGNORED}


def canonical(content: Content) -> str:
    """The content as one text, by which all machines order contents."""
    return json.dumps(content, sort_keys=True)


def fields(key: str, content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The content by groups of fields."""
    if kind(key) != ENTRY:
        return {REST: content}
    named = {group: {f: content[f] for f in members if f in content} for group, members in GROUPS.items()}
    known = {f for members in GROUPS.values() for f in members}
    return {**named, REST: {f: value for f, value in content.items() if f not in known}}


def join(*vectors: Mapping[str, int]) -> dict[str, int]:
    """The greatest number of each machine."""
    found: dict[str, int] = {}
    for vector in vectors:
        for machine, number in vector.items():
            found[machine] = max(number, found.get(machine, 0))
    return found


def newest(versions: Iterable[Version]) -> tuple[Version, ...]:
    """The versions on which none of the others stands, in one order on all machines.

    Two versions with one dot are two machines with one identity: both are kept. If each of them stands on another, which no machine
    writes, none replaces another.
    """
    unique = {version.order(): version for version in versions}
    kept = [
        text
        for text, version in unique.items()
        if not any(other.dot != version.dot and other.stands_on(version.dot) for other in unique.values())
    ]
    return tuple(unique[text] for text in sorted(kept or unique))


def merge(one: SharedState, other: SharedState) -> SharedState:
    """The least state that stands on both: commutative, associative and idempotent."""
    items = {}
    for key in sorted({*one.items, *other.items}):
        left, right = one.items.get(key, ()), other.items.get(key, ())
        items[key] = left if left == right or not right else right if not left else newest(left + right)
    machines = {}
    for machine in sorted({*one.machines, *other.machines}):
        lines = [state.machines[machine] for state in (one, other) if machine in state.machines]
        machines[machine] = replace(
            max(lines, key=MachineLine.order),
            merged=join(*(line.merged for line in lines)),
            gone=any(line.gone for line in lines),
        )
    return SharedState(items, machines)


def missing(pin: Mapping[str, int], state: SharedState) -> list[str]:
    """The machines of which the state lacks edits that were seen: it was rolled back, is a fork, or lost an update."""
    found = state.lasts()
    return sorted(machine for machine, number in pin.items() if found.get(machine, 0) < number)
