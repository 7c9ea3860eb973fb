"""Reports what `rotate` would do and what it did to each key, as lines and as JSON."""

from __future__ import annotations

from vault.cli.terminal import local, rfc3339, say, without_absent
from vault.records import NamedTuple
from vault.rotation import progress, state_machine, steps
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.errors import Error
    from vault.rotation.rotate import PreparedRotation
    from vault.rotation.run import RotationOutcome
    from vault.rotation.steps import RotationRequest


class RotationReport(NamedTuple):
    """The report of one entry. ``result`` is planned, unchanged, rotated, restored, deleted or failed.

    ``plan`` is what --dry-run announces.
    """

    name: str
    result: str
    prepared: PreparedRotation | None = None
    plan: str | None = None
    outcome: RotationOutcome | None = None
    error: Error | None = None

    def as_json(self) -> dict[str, object]:
        """The fields of ``keys`` in docs/reference/json.md."""
        prepared, outcome, error = self.prepared, self.outcome, self.error
        until, waiting = (outcome.until, outcome.waiting) if outcome is not None else (None, ())
        return without_absent(
            {
                "name": self.name,
                "result": self.result,
                "access_key_id": prepared.entry.access_key_id if prepared is not None else None,
                "age_seconds": prepared.age if prepared is not None else None,
                "notes": list(prepared.notes) if prepared is not None else [],
                "plan": self.plan,
                "replaced": outcome.replaced if outcome is not None else None,
                "deleted": list(outcome.deleted) if outcome is not None else [],
                "kept_until": rfc3339(until) if until is not None and not waiting else None,
                "waiting": list(waiting),
                "active_until": rfc3339(until) if until is not None and waiting else None,
                "error": error.message if error is not None else None,
                "hint": error.hint if error is not None else None,
                "exit_code": error.exit_code if error is not None else None,
            }
        )


def finished(
    prepared: PreparedRotation, outcome: RotationOutcome, request: RotationRequest
) -> RotationReport:
    """Tell the user how a rotation ended, and return its report."""
    _tell(outcome, prepared.name, request)
    result = "unchanged"
    if outcome.replaced is not None:
        result = "restored" if request.undo else "rotated"
    elif outcome.deleted:
        result = "deleted"
    return RotationReport(prepared.name, result, prepared, outcome=outcome)


def settled(prepared: PreparedRotation) -> bool:
    """Whether no step of an earlier rotation is due."""
    waiting = prepared.kept_until
    return prepared.entry.journal is None or (waiting is not None and waiting > prepared.state.now)


def only_waits(prepared: PreparedRotation, request: RotationRequest) -> bool:
    """Whether nothing can be done now but to wait for other machines."""
    step = state_machine.next_step(prepared.entry, prepared.state, request)
    return isinstance(step, steps.Done) and bool(step.waiting)


def intent(prepared: PreparedRotation, request: RotationRequest) -> str:
    """What ``rotate`` would do, worded for the confirmation and for a dry run. Raises what would stop the rotation."""
    entry, journal = prepared.entry, prepared.entry.journal
    step = state_machine.next_step(entry, prepared.state, request)
    old = safe(journal.old.access_key_id) if journal is not None and journal.old is not None else ""
    if request.undo and journal is not None and journal.step in ("create", "prove"):
        return f"end the interrupted rotation, delete the key that it created and keep {entry.access_key_id}"
    if isinstance(step, steps.Done) and step.waiting:
        return f"keep the old key {old} active until these machines have synced: {_listed(step.waiting)}"
    if isinstance(step, steps.Done):
        return "do nothing, because no rotation is in progress"
    takes_back = isinstance(step, steps.WriteJournal) and step.step == "undo"
    if journal is not None and journal.step != "grace" and not takes_back:
        if old and prepared.state.waiting and (request.delete_now or journal.step == "drop"):
            return f"delete the old key {old} without waiting for {_listed(prepared.state.waiting)}"
        return "finish the interrupted rotation"
    if request.undo:
        return f"restore the old key {old} and delete {entry.access_key_id}"
    if journal is not None and request.finish:
        return f"delete the old key {old}"
    first = f"delete the old key {old} of the last rotation, then " if journal is not None else ""
    if isinstance(step, steps.DeleteKey) and step.why == "other":
        first = f"delete {safe(step.key_id)}, which is not in the vault, then "
    return f"{first}replace {entry.access_key_id} with a new key and {_end(prepared, request)}"


def _end(prepared: PreparedRotation, request: RotationRequest) -> str:
    machines = prepared.state.machines
    if request.delete_now:
        return "delete the old key" + (f" without waiting for {_listed(machines)}" if machines else "")
    kept = "inactive for seven days"
    if machines:
        return f"keep the old key active until these machines have synced, then {kept}: {_listed(machines)}"
    return f"keep the old key {kept}"


def _listed(machines: Sequence[str]) -> str:
    return ", ".join(safe(name) for name in machines)


def _tell(outcome: RotationOutcome, name: str, request: RotationRequest) -> None:
    for key_id in outcome.deleted:
        say(f"{safe(name)}: deleted {safe(key_id)}.")
    if outcome.replaced is None and not outcome.deleted and not outcome.waiting:
        say(f"{safe(name)}: nothing to do. The key is still {outcome.key_id}.")
    if outcome.replaced is not None and request.undo:
        say(f"{safe(name)}: restored {outcome.key_id}.")
    elif outcome.replaced is not None:
        say(f"{safe(name)}: replaced {outcome.replaced} with {outcome.key_id}.")
    if outcome.until is not None and outcome.waiting:
        said = progress.stays_active(str(outcome.kept), local(outcome.until), _listed(outcome.waiting))
        say(f"{safe(name)}: {said}. {progress.how_to_continue(name)}")
    elif outcome.until is not None:
        say(
            f"{safe(name)}: the old key is inactive and kept until {local(outcome.until)}. "
            f"To restore it: awsvault-py rotate --undo {safe(name)}; to delete it now: --finish"
        )
