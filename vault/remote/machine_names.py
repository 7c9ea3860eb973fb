"""What a text calls a machine: its name, with its ID if another machine has the same name. Pure. Names may be hostile: escape them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vault.sync.versions import MachineLine


def called(machines: Mapping[str, MachineLine], machine: str, *, name: str | None = None) -> str:
    """The machine with this ID. ``name``: what it was called when it made an edit, if that is what the text is about.

    A removed machine makes no other name ambiguous.
    """
    line = machines.get(machine)
    shown = name if name is not None else line.name if line is not None else ""
    alike = any(other.name == shown and not other.gone for one, other in machines.items() if one != machine)
    if not shown:
        return machine
    return f"{shown} ({machine})" if alike else shown


def all_called(machines: Mapping[str, MachineLine], wanted: Iterable[str]) -> tuple[str, ...]:
    """The machines with these IDs, in the order of their names."""
    return tuple(sorted({called(machines, machine) for machine in wanted}))
