"""What a machine's user did since the last sync: found by comparing what the vault holds with what was shown.

No command needs to know of machines, and neither does an older version of the program.
"""

from __future__ import annotations

from dataclasses import replace

from vault.records import NamedTuple
from vault.sync import versions
from vault.sync.shown import NOTHING, Shown, conflicts, contents, latest
from vault.sync.versions import ENTRY, SEED, Dot, SharedState, Version, same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from vault.sync.versions import Content


class Author(NamedTuple):
    """The machine that commits: its identity, its name for users, Unix seconds, and the random mark of this commit."""

    machine: str
    name: str
    at: int
    mark: str


class Committed(NamedTuple):
    """The state with the edits of this machine, and what the machine shows of it."""

    state: SharedState
    shown: dict[str, Shown]


def commit(
    state: SharedState,
    shown: Mapping[str, Shown],
    held: Mapping[str, Content],
    author: Author,
    *,
    renamed: Mapping[str, str] = {},  # never changed
    answered: Collection[str] = (),
) -> Committed:
    """Make an edit of each difference between what the vault holds and what was shown after the last sync.

    ``renamed``: by the key of an entry that is gone, its new name. ``answered``: items that are written even if they do
    not differ.
    """
    items, now = dict(state.items), dict(shown)
    line = state.machines[author.machine]
    number = line.last
    for key in _changed(shown, held, answered):
        number += 1
        was, found = now.get(key, NOTHING), items.get(key, ())
        made = replace(
            _version(key, held.get(key), was, found, dot=Dot(author.machine, number)),
            by=author.name,
            at=author.at,
            renamed_to=renamed.get(key, ""),
        )
        items[key] = versions.newest((*found, made))
        now[key] = Shown(made.content, (made.dot,))
    if number != line.last:
        line = replace(
            line, last=number, marks={**line.marks, number: author.mark}, name=author.name, at=author.at
        )
    return Committed(SharedState(items, {**state.machines, author.machine: line}), now)


def _changed(shown: Mapping[str, Shown], held: Mapping[str, Content], answered: Collection[str]) -> list[str]:
    """The keys of what differs. An edit of an entry touches its seed, which then survives a removal on another machine."""
    changed = [
        key
        for key in sorted({*held, *shown})
        if key in answered or not same(held.get(key), shown.get(key, NOTHING).content)
    ]
    entries = [held.get(key) for key in changed if versions.kind(key) == ENTRY]
    seeds = {f"{SEED}/{entry['mfa_serial']}" for entry in entries if entry and "mfa_serial" in entry}
    return changed + sorted(key for key in seeds if key in held and key not in changed)


def _version(key: str, content: Content, was: Shown, found: Sequence[Version], *, dot: Dot) -> Version:
    """An edit that stands on what was shown, and on nothing that lay beside it."""
    bases = [version for version in found if version.dot in was.on]
    seen = versions.join(*(base.seen for base in bases), {dot.machine: dot.number})
    others = [version.dot for version in found if version not in bases]
    others += [hole for base in bases for hole in base.beside]
    beside = frozenset(
        hole
        for hole in others
        if seen.get(hole.machine, 0) >= hole.number and not any(base.stands_on(hole) for base in bases)
    )
    groups = {} if content is None else _groups(key, content, was, bases, dot)
    return Version(dot=dot, seen=seen, content=content, groups=groups, beside=beside)


def _groups(
    key: str, content: dict[str, object], was: Shown, bases: Sequence[Version], dot: Dot
) -> dict[str, Dot]:
    """The edit that last changed each group: this one, or for a group that is as it was shown, an earlier one."""
    before = versions.fields(key, was.content) if was.content is not None else {}
    live = [base for base in bases if base.content is not None]
    found = {}
    for group, part in versions.fields(key, content).items():
        kept = [
            base.groups[group]
            for base in live
            if base.content is not None
            and same(versions.fields(key, base.content)[group], part)
            and latest(base, group, live)
        ]
        found[group] = max(kept) if kept and same(before.get(group), part) else dot
    return found


def keep_seeds(
    state: SharedState, shown: Mapping[str, Shown], held: Mapping[str, Content]
) -> dict[str, Content]:
    """What the vault holds, with the seeds that went with an entry here but that a version kept for an answer names."""
    waiting = {
        version.content.get("mfa_serial")
        for key in conflicts(shown)
        for version in state.items.get(key, ())
        if version.content is not None
    }
    back = {
        key: found.content
        for key, found in shown.items()
        if versions.kind(key) == SEED
        and key not in held
        and found.content is not None
        and versions.name(key) in waiting
    }
    return {**held, **back}


def answer(
    state: SharedState,
    shown: Mapping[str, Shown],
    key: str,
    content: Content,
    author: Author,
    *,
    renamed_to: str = "",
) -> Committed:
    """A user's answer to a conflict: ``content``, or None for a removal, stands on every version there is."""
    asked = {**shown, key: shown[key]._replace(on=tuple(version.dot for version in state.items[key]))}
    held = {**contents(shown), key: content}
    if content is None:
        del held[key]
    renamed = {key: renamed_to} if renamed_to else {}
    return commit(state, asked, held, author, renamed=renamed, answered={key})
