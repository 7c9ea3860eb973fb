"""What --fix does: modes, files that can be had again, lines of AWS's files. Each shown before, by whoever calls."""

from __future__ import annotations

import os
import stat

from vault.doctor.findings import Chmod, Finding, Remove, Rewrite
from vault.errors import StorageError
from vault.migrate import edit_plan, undo
from vault.system import ownership
from vault.system.replace_file import hands_off
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context


def changes(files: edit_plan.Files | None, findings: Sequence[Finding]) -> list[undo.Change]:
    """The findings' edits of AWS's files, as one change of each file. A line that two findings would mend is mended once."""
    plan = edit_plan.EditPlan()
    taken: set[tuple[str, int]] = set()
    for finding in findings:
        for mend in finding.mends:
            if not isinstance(mend, Rewrite):
                continue
            for edit in mend.edits:
                if (mend.kind, edit.start) not in taken:
                    taken.add((mend.kind, edit.start))
                    (plan.config if mend.kind == "config" else plan.credentials).append(edit)
    return plan.changes(files) if files is not None else []


def others(findings: Sequence[Finding]) -> list[Chmod | Remove]:
    """The mends that are no edits, each once."""
    found = (mend for finding in findings for mend in finding.mends if not isinstance(mend, Rewrite))
    return list(dict.fromkeys(found))


def described(mend: Chmod | Remove) -> str:
    """What the mend does, as a command."""
    match mend:
        case Chmod():
            return f"chmod {mend.mode:o} {safe(mend.path)}"
        case Remove():
            return f"rm {safe(mend.path)}"


def carry_out(context: Context, edits: Sequence[undo.Change], rest: Sequence[Chmod | Remove]) -> list[str]:
    """Do it; the files that are made by something else are left, and named with the reason. StorageError."""
    left = [f"{safe(c.path)} is {reason}" for c in edits if (reason := hands_off(c.path)) is not None]
    for mend in rest:
        try:
            _do(mend)
        except OSError as error:
            raise StorageError(f"{described(mend)}: {os.strerror(error.errno or 0)}") from None
    undo.apply_changes(context, [c for c in edits if hands_off(c.path) is None], kind="setup", opened=None)
    return left


def _do(mend: Chmod | Remove) -> None:
    try:
        status = os.lstat(mend.path)
    except FileNotFoundError:
        return
    if stat.S_ISLNK(status.st_mode) or not ownership.is_own(status):
        return  # swapped since it was looked at
    match mend:
        case Chmod():
            os.chmod(mend.path, mend.mode)
        case Remove():
            os.unlink(mend.path)
