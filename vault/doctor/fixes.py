"""Applies the fixes of --fix: changes modes, removes files, edits AWS's files. The caller shows everything first."""

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
    """The findings' edits of AWS's files, as one change per file. If two findings edit the same line, the first one applies."""
    plan = edit_plan.EditPlan()
    edited: set[tuple[str, int]] = set()
    for finding in findings:
        for fix in finding.fixes:
            if not isinstance(fix, Rewrite):
                continue
            for edit in fix.edits:
                if (fix.kind, edit.start) not in edited:
                    edited.add((fix.kind, edit.start))
                    plan.edits(fix.kind).append(edit)
    return plan.changes(files) if files is not None else []


def others(findings: Sequence[Finding]) -> list[Chmod | Remove]:
    """The fixes that are not edits of AWS's files, without duplicates."""
    found = (fix for finding in findings for fix in finding.fixes if not isinstance(fix, Rewrite))
    return list(dict.fromkeys(found))


def described(fix: Chmod | Remove) -> str:
    """The fix as a shell command."""
    match fix:
        case Chmod():
            return f"chmod {fix.mode:o} {safe(fix.path)}"
        case Remove():
            return f"rm {safe(fix.path)}"


def apply(context: Context, edits: Sequence[undo.Change], rest: Sequence[Chmod | Remove]) -> list[str]:
    """Apply the fixes. Returns the files that stay unchanged because another program generates them, with the reason.

    Raises StorageError.
    """
    left = [f"{safe(c.path)} is {reason}" for c in edits if (reason := hands_off(c.path)) is not None]
    for fix in rest:
        try:
            _apply(fix)
        except OSError as error:
            raise StorageError(f"{described(fix)}: {os.strerror(error.errno or 0)}") from None
    undo.apply_changes(context, [c for c in edits if hands_off(c.path) is None], kind=undo.SETUP, opened=None)
    return left


def _apply(fix: Chmod | Remove) -> None:
    try:
        status = os.lstat(fix.path)
    except FileNotFoundError:
        return
    if stat.S_ISLNK(status.st_mode) or not ownership.is_own(status):
        return  # replaced since the check looked at it
    match fix:
        case Chmod():
            os.chmod(fix.path, fix.mode)
        case Remove():
            os.unlink(fix.path)
