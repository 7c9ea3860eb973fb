"""What one machine shows of the shared state, and about which items it asks.

What can be joined without a doubt is shown as one. In a conflict, a machine keeps what it showed before; it never guesses.
"""

from __future__ import annotations

from vault.records import NamedTuple
from vault.sync import versions
from vault.sync.versions import ENTRY, SEED, same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from vault.sync.versions import Content, Dot, SharedState, Version

REMOVED = "removed on one machine, changed on another"
RENAMED = "renamed on one machine, changed on another"
CHANGED = "changed on two machines"
FORKED = "two machines have one identity"


class Shown(NamedTuple):
    """What is shown of an item: its content, the edits that an edit of it here will stand on, and the conflict, or ""."""

    content: Content = None
    on: tuple[Dot, ...] = ()
    conflict: str = ""

    def __repr__(self) -> str:
        return f"Shown(on={self.on!r}, conflict={self.conflict!r})"  # the content has secrets


NOTHING = Shown()


def show(state: SharedState, before: Mapping[str, Shown]) -> dict[str, Shown]:
    """By key, what this machine shows of ``state`` after it showed ``before``.

    A seed lives as long as an entry names it, whether shown or kept for an answer. Nobody is asked about a seed.
    """
    shown = {key: look(key, found, before.get(key, NOTHING)) for key, found in state.items.items()}
    named = _named_serials(state, shown)
    for key, found in shown.items():
        if versions.kind(key) == SEED and found.conflict == REMOVED:
            kept = found.content if versions.name(key) in named else None
            shown[key] = Shown(kept, _dots(state.items[key]))
    return shown


def _named_serials(state: SharedState, shown: Mapping[str, Shown]) -> set[str]:
    """The devices that an entry names: one that is shown, or any of those that wait for an answer."""
    named = set()
    for key, found in shown.items():
        if versions.kind(key) == ENTRY:
            there = [v.content for v in state.items[key]] if found.conflict else [found.content]
            named |= {content["mfa_serial"] for content in there if content and "mfa_serial" in content}
    return named


def look(key: str, found: Sequence[Version], before: Shown) -> Shown:
    """What is shown of one item. ``before``: what this machine showed of it last."""
    if len(found) == 1:
        return Shown(found[0].content, (found[0].dot,))
    live = [version for version in found if version.content is not None]
    if not live:
        return Shown(None, _dots(found))
    removed = [version for version in found if version.content is None]
    conflict = (RENAMED if any(version.renamed_to for version in removed) else REMOVED) if removed else ""
    twins = _twins(found)
    if all(same(version.content, live[0].content) for version in live):
        return Shown(min(live, key=_content).content, _without(twins, _dots(live)), conflict)
    forked = len({version.dot for version in live}) < len(live)
    one_user = versions.kind(key) == ENTRY and _of_one_user(live)
    if not forked and (one_user or versions.kind(key) != ENTRY):
        joined = _joined(key, live)
        if joined is not None:
            return Shown(joined, _dots(live), conflict)
    conflict = FORKED if forked else CHANGED
    own = _own(live, before)
    if not own and one_user:
        own = live  # any key of the user serves: the same one on every machine
    if not own:
        return Shown(None, (), conflict)
    if 1 < len(own) < len(live):  # what was shown as one before stays one
        part = look(key, own, before)
        return Shown(part.content, _without(twins, part.on), conflict)
    chosen = min(own, key=_content)
    return Shown(chosen.content, _without(twins, (chosen.dot,)), conflict)


def contents(shown: Mapping[str, Shown]) -> dict[str, Content]:
    """What the vault holds if it holds what is shown."""
    return {key: found.content for key, found in shown.items() if found.content is not None}


def conflicts(shown: Mapping[str, Shown]) -> dict[str, str]:
    """The conflicts that wait for an answer, by key."""
    return {key: found.conflict for key, found in shown.items() if found.conflict}


def latest(version: Version, group: str, live: Sequence[Version]) -> bool:
    """Whether no version in ``live`` changed the group after it was as in ``version``."""
    dot = version.groups[group]
    return not any(other.stands_on(dot) and other.groups[group] != dot for other in live)


def _of_one_user(live: Sequence[Version]) -> bool:
    users = {_user(version.content) for version in live}
    return len(users) == 1 and None not in next(iter(users))


def _user(content: Content) -> tuple[Any, Any]:
    return (content.get("account"), content.get("user")) if content is not None else (None, None)


def _twins(found: Sequence[Version]) -> set[Dot]:
    """The dots of two different edits. An edit that stood on such a dot would replace both, and the user saw only one."""
    first: dict[Dot, Version] = {}
    return {v.dot for v in found if not same(v.content, first.setdefault(v.dot, v).content)}


def _without(twins: set[Dot], on: tuple[Dot, ...]) -> tuple[Dot, ...]:
    return tuple(dot for dot in on if dot not in twins)


def _joined(key: str, live: Sequence[Version]) -> Content:
    """The fields of all versions, each group by who changed it last; None if two changed one group in two ways."""
    value: dict[str, Any] = {}
    for group in sorted({group for version in live for group in version.groups}):
        parts = [
            versions.fields(key, version.content).get(group, {})
            for version in live
            if version.content is not None and latest(version, group, live)
        ]
        if not parts or not all(same(part, parts[0]) for part in parts):
            return None
        first = min(parts, key=versions.canonical)
        value |= first
    return value


def _own(live: Sequence[Version], before: Shown) -> list[Version]:
    """The versions that this machine showed before: by their edits, or else by their content.

    Of two edits with one dot, it is the one with the content or, if that was joined with another edit, with the user.
    """
    named = [version for version in live if version.dot in before.on]
    if before.content is None or (named and len({version.dot for version in named}) == len(named)):
        return named
    alike = [version for version in named or live if same(version.content, before.content)]
    return alike or [version for version in named if _user(version.content) == _user(before.content)]


def _dots(found: Sequence[Version]) -> tuple[Dot, ...]:
    return tuple(version.dot for version in found)


def _content(version: Version) -> str:
    return versions.canonical(version.content)
