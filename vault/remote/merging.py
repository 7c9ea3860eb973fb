"""One machine's vault and the bucket's state become one: what was edited here, what came, what is shown and asked. Pure.

Its steps are those of the simulation in tests/faults/sync_world.py.
"""

from __future__ import annotations

from dataclasses import replace

from vault import errors
from vault.records import NamedTuple
from vault.remote import judge, outcome
from vault.remote.machine_names import called
from vault.sync import edits, takeover, versions
from vault.sync import shown as views
from vault.sync.edits import Author
from vault.sync.versions import ENTRY, JOURNAL, SEED, STRICT, SharedState, kind, name
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from vault.remote.outcome import ItemChange, Waiting
    from vault.sync.local import LocalSync
    from vault.sync.shown import Shown
    from vault.sync.versions import Content

REMOVED = "removed"


class ConflictAnswer(NamedTuple):
    """A user's answer to a conflict as it was shown: the key of the item, the refs of all its versions, and that of the one to keep."""

    key: str
    asked: frozenset[str]
    kept: str


class SyncRequest(NamedTuple):
    """What the user asks of a sync.

    ``accept``: the bucket's file may lack what this machine has seen. ``choices``: answers to conflicts, by the name of an item:
    a machine's name or ID, or REMOVED; the name or ID of this machine keeps what it has, also if the item does not wait for an answer. ``dry``: change nothing. ``rejoin``: this machine was removed, and comes back as a new
    one. ``removes``: IDs of machines that are removed. ``answers``: to conflicts that the user was shown; one that has changed
    since goes on waiting. ``name``: what users call this machine from now on.
    """

    accept: bool = False
    choices: Mapping[str, str] = {}  # never changed
    dry: bool = False
    rejoin: bool = False
    removes: tuple[str, ...] = ()
    answers: tuple[ConflictAnswer, ...] = ()
    name: str = ""


class Maker(NamedTuple):
    """Unix seconds, and what makes a new ID of a machine and a mark of a commit."""

    at: int
    new_id: Callable[[], str]
    mark: Callable[[], str]


class Merged(NamedTuple):
    """The vault's state after a merge. ``before``: what it held with its own edits. ``push``: the bucket's file is not as the
    state is. ``taken_over``: under a new ID.
    """

    local: LocalSync
    before: Mapping[str, Content]
    came: tuple[ItemChange, ...]
    went: tuple[ItemChange, ...]
    waiting: tuple[Waiting, ...]
    push: bool
    taken_over: bool


def merge(
    local: LocalSync,
    held_by: Callable[[str, Mapping[str, Shown]], dict[str, Content]],
    remote: SharedState | None,
    make: Maker,
    request: SyncRequest,
) -> Merged:
    """The vault ``local`` after a merge with ``remote``, which is None if the bucket has what this machine put there last.

    ``held_by``: what the vault holds, given this machine's ID and what was shown. Errors: Declined (this machine was removed),
    NotFound, Usage (a choice).
    """
    state, shown, me = local.state, dict(local.shown), local.me
    theirs = SharedState() if remote is None else remote
    removed = takeover.removed(state, theirs, me)
    if removed and not request.rejoin:
        raise judge.was_removed(local.remote.place.url)
    taken_over = removed or takeover.overtaken(state, theirs, me)
    if taken_over:
        new = make.new_id()
        state, shown = takeover.take_new_name(state, shown, theirs, machine=me, new=new)
        me = new
    author = Author(me, request.name or local.name, make.at, make.mark())
    held = edits.keep_seeds(state, shown, held_by(me, shown))
    state, shown = edits.commit(state, shown, held, author)
    before = views.contents(shown)
    state = versions.merge(state, theirs)
    shown = views.show(state, shown)
    came = outcome.changes(before, views.contents(shown), state)
    for wish, machine in sorted(request.choices.items()):
        own = _own(shown, before, wish) if machine in (local.me, me, author.name) else ""
        if own:
            state, shown = _kept_here(state, shown, before, own, author)
        else:
            state, shown = _answered(state, shown, wish, machine, author)
    for one in request.answers:
        state, shown = _kept(state, shown, one, author)
    after = views.contents(shown)
    came = tuple(one for one in came if not versions.same(before.get(one.key), after.get(one.key)))
    state = without(_with_line(state, author), me, request.removes)
    known = local.state if remote is None else theirs
    sent = known.machines[me].last if me in known.machines else 0
    return Merged(
        local=replace(local, me=me, name=author.name, state=state, shown=shown),
        before=before,
        came=came,
        went=outcome.edits_of(state, me, above=sent, known=known.items),
        waiting=outcome.waiting(state, shown),
        push=state != known,
        taken_over=taken_over,
    )


def _own(shown: Mapping[str, Shown], before: Mapping[str, Content], wish: str) -> str:
    """The key of the item of which the user keeps what this machine had, although it does not wait for an answer; or ""."""
    if any(wish in (key, name(key) or key) for key in views.conflicts(shown)):
        return ""
    kinds = (ENTRY, STRICT)  # a seed goes with its entry
    return next((key for key in before if kind(key) in kinds and wish in (key, name(key) or key)), "")


def _kept_here(
    state: SharedState, shown: Mapping[str, Shown], before: Mapping[str, Content], key: str, author: Author
) -> tuple[SharedState, dict[str, Shown]]:
    """The state in which what this machine had of an item counts, against what came: also after it was removed elsewhere."""
    content = before[key]
    seed = f"{SEED}/{content['mfa_serial']}" if content and "mfa_serial" in content else ""
    now = dict(shown)
    for one in (key, seed):
        if one in before and not versions.same(before[one], now[one].content):
            state, now = edits.answer(state, now, one, before[one], author)
    return state, now


def _answered(
    state: SharedState, shown: Mapping[str, Shown], wish: str, machine: str, author: Author
) -> tuple[SharedState, dict[str, Shown]]:
    """The state after the user's answer to one conflict."""
    keys = [key for key in views.conflicts(shown) if wish in (key, name(key) or key)]
    if len(keys) != 1:
        raise errors.NotFound(
            f'nothing waits for an answer under "{safe(wish)}"'
            if not keys
            else f'several items wait for an answer under "{safe(wish)}": {", ".join(map(safe, keys))}',
            hint="to see what waits for an answer: awsvault-py sync",
        )
    (key,) = keys
    found = state.items[key]
    if machine == REMOVED:
        fitting = [one for one in found if one.content is None]
        content: Content = None
        renamed = fitting[0].renamed_to if fitting else ""
    else:
        live = [one for one in found if one.content is not None]
        fitting = [one for one in live if one.dot.machine == machine] or [
            one for one in live if one.by == machine
        ]
        if not fitting or any(not versions.same(one.content, fitting[0].content) for one in fitting):
            known = ", ".join(sorted({f"{safe(one.by)} ({one.dot.machine})" for one in live}))
            raise errors.Usage(
                f'"{safe(machine)}" is {"several versions" if fitting else "no version"} of {safe(wish)}; there are: {known}',
                hint=f"name one of them by its ID, or choose {REMOVED}",
            )
        content, renamed = fitting[0].content, ""
    return edits.answer(state, shown, key, content, author, renamed_to=renamed)


def _kept(
    state: SharedState, shown: dict[str, Shown], one: ConflictAnswer, author: Author
) -> tuple[SharedState, dict[str, Shown]]:
    """The state after an answer. As it is if the user saw other versions than there are now."""
    found = {outcome.reference(version): version for version in state.items.get(one.key, ())}
    if one.key not in views.conflicts(shown) or found.keys() != one.asked:
        return state, shown
    kept = found[one.kept]
    return edits.answer(state, shown, one.key, kept.content, author, renamed_to=kept.renamed_to)


def without(state: SharedState, me: str, removes: tuple[str, ...]) -> SharedState:
    """The state in which the machine ``me`` has removed those machines. NotFound if one is unknown, or is ``me``."""
    lines = dict(state.machines)
    for machine in removes:
        if machine not in lines or machine == me:
            raise errors.NotFound(
                f"no other machine has the ID {safe(machine)}", hint="run: awsvault-py remote show"
            )
        lines[machine] = replace(lines[machine], gone=True)
    return SharedState(state.items, lines)


def _with_line(state: SharedState, author: Author) -> SharedState:
    """The state with what this machine says of itself.

    Its line is written only if there is something new: a sync with nothing to do stays one request.
    """
    lines = dict(state.machines)
    line = lines[author.machine]
    lasts = {machine: number for machine, number in state.lasts().items() if number}
    merged = versions.join(line.merged, lasts)
    if merged != line.merged or not line.at:
        lines[author.machine] = replace(line, merged=merged, name=author.name, at=max(line.at, author.at))
    return SharedState(state.items, lines)


def open_journals(local: LocalSync) -> dict[str, str]:
    """Rotations that other machines have in progress: the name of the machine, by the name of the entry."""
    return {one.entry: one.machine for one in journals_of_others(local)}


class OpenJournal(NamedTuple):
    """A rotation that another machine has in progress: the names of the machine and of the entry, and the journal."""

    machine: str
    entry: str
    content: dict[str, Any]


def journals_of_others(local: LocalSync) -> Iterator[OpenJournal]:
    """The rotations that other machines have in progress. One that was removed has none."""
    for key, one in local.shown.items():
        machine, _, entry = name(key).partition("/")
        line = local.state.machines.get(machine)
        if (
            kind(key) == JOURNAL
            and one.content is not None
            and machine != local.me
            and line is not None
            and not line.gone
        ):
            yield OpenJournal(called(local.state.machines, machine), entry, one.content)
