"""How a sync, its machines and its conflicts are shown, as text and as JSON. No secrets: key IDs, dates and machines."""

from __future__ import annotations

import shutil

from vault.cli.terminal import Cell, emit, is_terminal, local, rfc3339, say, table, without_absent
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from vault.remote.outcome import ItemChange, KeptVersion, SyncOutcome, Waiting
    from vault.remote.summary import MachineInfo, WaitingItem

_GAP = 2  # blanks between columns
_KINDS = {"entry": "key", "seed": "MFA seed", "strict": "strict seeds"}
_SIGNS = {"added": "+", "changed": "~", "removed": "-"}


def show_changes(done: SyncOutcome) -> None:
    """What came from other machines and what went to them."""
    for one in done.came:
        emit(f"{_SIGNS[one.what]} {_item(one)}  ({_origin(one)})")
    for one in done.went:
        emit(f"{_SIGNS[one.what]} {_item(one)}  (from this machine)")


def _item(one: ItemChange) -> str:
    return f"{_KINDS.get(one.kind, one.kind)} {safe(one.name)}".rstrip()


def _origin(one: ItemChange) -> str:
    return f"{safe(one.by)}, {local(one.at)}" if one.at else "another machine"


def new_key_text(done: SyncOutcome) -> str:
    """What the user typed for a bucket's file whose key was replaced means for this machine."""
    if done.adopted:
        return (
            "The passphrase that you typed is this machine's now. The old one no longer unlocks its vault: if a file or a variable has "
            "it for programs, change it there."
        )
    return "The key of the bucket's file was replaced. The passphrase of this machine is as before."


def show_machines(env: Mapping[str, str], machines: Sequence[MachineInfo]) -> None:
    """Each machine, when it last wrote, and what it lacked then."""
    rows = [
        (
            one.name,
            one.id,
            local(one.at) if one.at else "",
            _machine_state(one),
        )
        for one in machines
    ]
    table(env, ("MACHINE", "ID", "LAST WROTE", "STATE"), rows)


def _machine_state(one: MachineInfo) -> str:
    if one.gone:
        return "removed"
    if one.here:
        return "this machine"
    return f"{one.behind} {'edit' if one.behind == 1 else 'edits'} behind" if one.behind else ""


def show_waiting(env: Mapping[str, str], waiting: Sequence[Waiting]) -> None:
    """Each conflict, its versions side by side, and how to answer."""
    for one in waiting:
        show_conflict(env, one)
        for number, each in enumerate(one.versions, 1):
            answer = command("sync --choose", f"{_wish(one)}={_choice(each)}")
            say(f"To keep version {number}: {answer}")


def show_conflict(env: Mapping[str, str], one: Waiting) -> None:
    """The versions of one item side by side, a column each, in two or more tables if the terminal is too narrow."""
    emit("")
    emit(f"{_KINDS.get(one.kind, one.kind)} {_name(one)}".rstrip() + f": {one.why}")
    columns = [(f"VERSION {number}", each) for number, each in enumerate(one.versions, 1)]
    rows = [(label, value) for label, value in _FACTS if any(value(each) for each in one.versions)]
    for number, part in enumerate(_parts(columns, rows)):
        if number:
            emit("")
        cells: list[tuple[str | Cell, ...]] = [
            (label, *(Cell(value(each)) for _, each in part)) for label, value in rows
        ]
        table(env, ("", *(title for title, _ in part)), cells)
    if one.kind == "strict":
        say(
            "Each version opens with the passphrase or the security key of its machine. The seeds of the others are lost."
        )


def numbered(one: Waiting) -> list[tuple[str, KeptVersion]]:
    """What a user types for each version: its number, or r for one that was removed."""
    return [("r" if each.removed else str(number), each) for number, each in enumerate(one.versions, 1)]


def _parts(
    columns: list[tuple[str, KeptVersion]], rows: Sequence[tuple[str, Callable[[KeptVersion], str]]]
) -> list[list[tuple[str, KeptVersion]]]:
    """The columns of each table: all of them in a pipe and where they fit, otherwise two."""
    widths = [max(len(safe(value(each))) for _, value in rows) for _, each in columns]
    width = sum(widths) + _GAP * len(columns) + max(len(label) for label, _ in rows)
    if not is_terminal() or width <= shutil.get_terminal_size().columns:
        return [columns]
    return [columns[at : at + 2] for at in range(0, len(columns), 2)]


def _name(one: Waiting | WaitingItem) -> str:
    return "" if one.kind == "strict" else safe(one.name)


def told(one: WaitingItem) -> str:
    """An item that waits, for a line: ``key dev (changed on two machines)``."""
    return f"{_KINDS.get(one.kind, one.kind)} {_name(one)}".rstrip() + f" ({one.why})"


def _wish(one: Waiting) -> str:
    return one.name if one.kind == "entry" else one.key


def _choice(one: KeptVersion) -> str:
    return "removed" if one.removed else one.machine


def state(one: KeptVersion) -> str:
    """What became of a version that has no content."""
    if one.renamed_to:
        return f"renamed to {one.renamed_to}"
    return "removed" if one.removed else ""


_FACTS = (
    ("machine", lambda one: f"{one.by} ({one.machine})"),
    ("", state),
    ("edited", lambda one: local(one.at) if one.at else ""),
    ("key ID", lambda one: one.key_id),
    ("stored", lambda one: local(one.created) if one.created else ""),
    ("MFA device", lambda one: one.device),
    ("seeds of", lambda one: ", ".join(one.devices)),
    ("account", lambda one: one.account),
    ("user", lambda one: one.user),
)


def machines_json(machines: Sequence[MachineInfo]) -> list[dict[str, Any]]:
    """The machines as objects."""
    return [
        without_absent(
            {
                "id": one.id,
                "name": one.name,
                "last_wrote": rfc3339(one.at) if one.at else None,
                "edits": one.edits,
                "behind": one.behind,
                "removed": one.gone,
                "here": one.here,
            }
        )
        for one in machines
    ]


def waiting_json(waiting: Sequence[Waiting]) -> list[dict[str, Any]]:
    """The conflicts as objects."""
    return [
        {
            "name": one.name,
            "kind": one.kind,
            "key": one.key,
            "why": one.why,
            "withheld": one.withheld,
            "versions": [_version_json(each) for each in one.versions],
        }
        for one in waiting
    ]


def _version_json(one: KeptVersion) -> dict[str, Any]:
    return without_absent(
        {
            "machine": one.machine,
            "by": one.by,
            "edited": rfc3339(one.at) if one.at else None,
            "removed": one.removed,
            "renamed_to": one.renamed_to or None,
            "access_key_id": one.key_id or None,
            "created": rfc3339(one.created) if one.created else None,
            "mfa_serial": one.device or None,
            "mfa_serials": list(one.devices) or None,
            "account": one.account or None,
            "user": one.user or None,
        }
    )


def changes_json(changes: Sequence[ItemChange]) -> list[dict[str, Any]]:
    """What came or went as objects."""
    return [
        without_absent(
            {
                "name": one.name,
                "kind": one.kind,
                "what": one.what,
                "by": one.by or None,
                "edited": rfc3339(one.at) if one.at else None,
            }
        )
        for one in changes
    ]


def outcome_json(done: SyncOutcome, url: str) -> dict[str, Any]:
    """What a sync did, as one object."""
    return without_absent(
        {
            "url": url,
            "pulled": done.pulled,
            "pushed": done.pushed,
            "came": changes_json(done.came),
            "went": changes_json(done.went),
            "waiting": waiting_json(done.waiting),
            "machines": machines_json(done.machines),
            "generation": done.gen,
            "written": rfc3339(done.written) if done.written else None,
            "writer": done.writer or None,
            "fingerprint": done.fingerprint,
        }
    )
