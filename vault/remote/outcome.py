"""What a sync did, for the commands to show: no secrets, names as they are (they may be hostile: escape them)."""

from __future__ import annotations

from vault.crypto.sha256 import sha256
from vault.records import NamedTuple
from vault.remote.machine_names import called
from vault.remote.summary import MachineInfo, RotationWait, SyncSummary, WaitingItem
from vault.sync.shown import REMOVED, RENAMED, Shown
from vault.sync.versions import ENTRY, JOURNAL, STRICT, SharedState, kind, name, same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from vault.sync.versions import Content, Version

    Happened = Literal["added", "changed", "removed"]


class ItemChange(NamedTuple):
    """An item that came or went. ``kind``: entry, seed or strict. ``by``: the machine's name; ``at``: Unix seconds."""

    key: str
    kind: str
    name: str
    what: Happened
    by: str
    at: int


class KeptVersion(NamedTuple):
    """One version of an item that waits for an answer. ``created``: of the key, Unix seconds; 0 if there is none.

    ``devices``: of strict seeds. ``ref`` tells this version from all others, for a ConflictAnswer.
    """

    machine: str
    by: str
    at: int
    removed: bool
    renamed_to: str
    key_id: str
    created: int
    device: str
    account: str
    user: str
    devices: tuple[str, ...] = ()
    ref: str = ""


class Waiting(NamedTuple):
    """An item about which the user is asked. ``why``: a sentence of vault/sync/shown. ``withheld``: nothing is shown of it."""

    key: str
    kind: str
    name: str
    why: str
    withheld: bool
    versions: tuple[KeptVersion, ...]


class SyncOutcome(NamedTuple):
    """``came`` and ``went``: items; ``waiting``: conflicts; ``pulled`` and ``pushed``: whether the bucket's file was read, written.

    ``typed``: its key was replaced elsewhere, and the user's secret opened it. ``adopted``: that is this vault's passphrase now.
    ``taken_over``: this copy of the vault is a new machine now, because another one used its ID. ``gen``, ``written`` and ``writer``:
    of the bucket's file, ``fingerprint``: of its key, to compare on two machines. ``nothing``: one request said that nothing is to
    do, and no vault was opened; then only ``asks``, how many items wait for an answer, is known.
    """

    came: tuple[ItemChange, ...] = ()
    went: tuple[ItemChange, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    machines: tuple[MachineInfo, ...] = ()
    pulled: bool = False
    pushed: bool = False
    nothing: bool = False
    asks: int = 0
    typed: bool = False
    adopted: bool = False
    taken_over: bool = False
    gen: int = 0
    written: int = 0
    writer: str = ""
    fingerprint: str = ""


def changes(
    before: Mapping[str, Content], after: Mapping[str, Content], state: SharedState
) -> tuple[ItemChange, ...]:
    """What differs between two contents of a vault, and who did it last. Journals do not count."""
    found = []
    for key in sorted({*before, *after}):
        if kind(key) == JOURNAL or same(before.get(key), after.get(key)):
            continue
        last = max(state.items.get(key, ()), key=lambda one: one.at, default=None)
        found.append(_change(key, before.get(key), after.get(key), last, state))
    return tuple(found)


def _change(
    key: str, before: Content, after: Content, last: Version | None, state: SharedState
) -> ItemChange:
    what: Happened = "added" if before is None else "removed" if after is None else "changed"
    by, at = ("", 0) if last is None else (_by(last, state), last.at)
    return ItemChange(key, kind(key), name(key), what, by, at)


def _by(one: Version, state: SharedState) -> str:
    return called(state.machines, one.dot.machine, name=one.by) if one.by else ""


def edits_of(
    state: SharedState, machine: str, *, above: int, known: Mapping[str, tuple[Version, ...]]
) -> tuple[ItemChange, ...]:
    """The edits of ``machine`` with a number over ``above``: those that the bucket, which had ``known``, did not have."""
    found = []
    for key, there in sorted(state.items.items()):
        before = [one.content for one in known.get(key, ()) if one.content is not None]
        found += [
            _change(key, before[0] if before else None, one.content, one, state)
            for one in there
            if kind(key) != JOURNAL and one.dot.machine == machine and one.dot.number > above
        ]
    return tuple(found)


def waiting(state: SharedState, shown: Mapping[str, Shown]) -> tuple[Waiting, ...]:
    """The conflicts, with what each version says without its secret."""
    return tuple(
        Waiting(
            key=key,
            kind=kind(key),
            name=STRICT if key == STRICT else name(key),
            why=found.conflict,
            withheld=found.content is None and found.conflict not in (REMOVED, RENAMED),
            versions=tuple(_kept_version(key, one) for one in state.items[key]),
        )
        for key, found in sorted(shown.items())
        if found.conflict
    )


def _kept_version(key: str, one: Version) -> KeptVersion:
    content = one.content if one.content is not None and kind(key) == ENTRY else {}
    created = content.get("created", 0)
    return KeptVersion(
        machine=one.dot.machine,
        by=one.by,
        at=one.at,
        removed=one.content is None,
        renamed_to=one.renamed_to,
        key_id=_text(content, "akid"),
        created=created if isinstance(created, int) else 0,
        device=_text(content, "mfa_serial"),
        account=_text(content, "account"),
        user=_text(content, "user"),
        devices=_devices(one.content) if key == STRICT else (),
        ref=reference(one),
    )


def reference(one: Version) -> str:
    """A text that no other version has. It is of a secret, so it is neither shown nor stored."""
    return sha256(one.order().encode()).hexdigest()


def _devices(content: Content) -> tuple[str, ...]:
    """The devices of the seeds in a strict box, which are beside it in plaintext within the main box."""
    serials = content.get("serials") if content is not None else None
    return tuple(one for one in serials if isinstance(one, str)) if isinstance(serials, list) else ()


def _text(content: dict[str, object], field: str) -> str:
    value = content.get(field, "")
    return value if isinstance(value, str) else ""


def machines(state: SharedState, me: str) -> tuple[MachineInfo, ...]:
    """All machines, this one first, then by name."""
    lasts = state.lasts()
    found = [
        MachineInfo(
            id=machine,
            name=line.name,
            at=line.at,
            edits=line.last,
            behind=sum(
                max(0, number - line.merged.get(other, 0))
                for other, number in lasts.items()
                if other != machine
            ),
            gone=line.gone,
            here=machine == me,
        )
        for machine, line in state.machines.items()
    ]
    return tuple(sorted(found, key=lambda one: (not one.here, one.name, one.id)))


def summary(url: str, done: SyncOutcome, rotations: tuple[RotationWait, ...] = ()) -> SyncSummary:
    """What other commands show of a whole sync. ``rotations``: of this machine, as they wait for the others after it."""
    waiting = tuple(WaitingItem(one.kind, one.name, one.why) for one in done.waiting)
    return SyncSummary(url, done.machines, waiting, rotations)


def writer(state: SharedState) -> str:
    """The name of the machine that wrote its line last."""
    lines = state.machines
    last = max(lines, key=lambda machine: lines[machine].at, default=None)
    return called(lines, last) if last is not None and lines[last].name else ""
