"""Shows the changes that `setup` and `import` are about to make: as a line per profile, as a diff, or as JSON. Makes them
after the user confirms, and undoes them.
"""

from __future__ import annotations

from vault.cli.confirm import confirm
from vault.cli.result import line_printer, report_result
from vault.cli.terminal import emit, say, without_absent
from vault.errors import CheckFailed
from vault.migrate import undo
from vault.migrate.changed_keys import by_profile
from vault.migrate.diff import diff
from vault.system.replace_file import hands_off
from vault.text import safe
from vault.unlocking.unlock import unlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from vault.context import Context
    from vault.migrate.changed_keys import ChangedProfile
    from vault.migrate.edit_plan import Skipped
    from vault.migrate.undo import Change

_ENDS = {
    "added": "added",
    "changed": "changed",
    "prefixed": "the prefix awsvault_",
    "removed": "removed",
}


def show(changes: Sequence[Change], *, line: Callable[[str], None] = emit) -> None:
    """Print the diff of each file by ``line``, on stdout unless --json needs that."""
    for text in _diff(changes):
        line(text)


def show_summary(changes: Sequence[Change], *, known: Collection[str], whole: bool) -> None:
    """Print a line for each profile and for each file to be removed; with ``whole``, the diff instead.

    The diff of a file that another program generates is always shown, because the user has to make that change.
    ``known`` are the profiles that a file already has.
    """
    if whole:
        show(changes)
        return
    for profile in by_profile(changes, known):
        emit(_line(profile))
    for change in changes:
        if not change.kind:
            emit(f"{safe(change.path)}: removed")
    show([change for change in changes if hands_off(change.path) is not None])


def confirm_changes(context: Context, question: str, changes: Sequence[Change], *, yes: bool) -> None:
    """Like ``confirm``. At a terminal, the answer d shows the diff and asks again."""
    confirm(context, question, yes=yes, more="\n".join(map(safe_line, _diff(changes))) if changes else "")


def safe_line(line: str) -> str:
    """A line of the diff, escaped for the terminal but not cut."""
    return safe(line, limit=max(400, len(line)))


def refuse_hands_off(changes: Sequence[Change]) -> None:
    """Raise CheckFailed if another program generates one of the files, because it would undo the changes."""
    for change in changes:
        reason = hands_off(change.path)
        if reason is not None:
            raise CheckFailed(
                f"{safe(change.path)} is {reason}, so awsvault-py does not write it",
                hint="make the change shown above where that file is generated, then run the command again to check it",
            )


def carry_out(context: Context, changes: Sequence[Change], *, kind: undo.UndoKind, yes: bool) -> None:
    """Change the files after the user confirms. Nothing is sealed, so the kind must not need it."""
    refuse_hands_off(changes)
    files = " and ".join(safe(change.path) for change in changes)
    confirm_changes(context, f"Apply these changes to {files}?", changes, yes=yes)
    undo.apply_changes(context, changes, kind=kind, opened=None)


def undo_newest(context: Context, *, kind: undo.UndoKind, dry_run: bool, yes: bool, as_json: bool) -> bool:
    """Show the newest change of ``kind`` and undo it. Returns whether files were restored.

    With ``as_json``, the changes are shown on stderr, and the object is on stdout.
    """
    line = line_printer(as_json=as_json)
    seen = undo.preview(
        context, kind=kind, open_vault=lambda: unlock(context, purpose=f"to undo the {kind.name}").opened
    )
    undone = seen.files
    for one in undone:
        for text in diff(one.path, one.now, one.then, lines=one.kind != ""):
            line(text)
    if dry_run:
        report_result(_undone_fields(undone, kind, applied=False), as_json=as_json)
        return False
    if undone:
        confirm(context, f"Restore {' and '.join(safe(one.path) for one in undone)}?", yes=yes)
    undo.undo(context, seen, kind=kind)
    say("Undone." if undone else "Nothing to undo: the files already are as they were before.")
    report_result(_undone_fields(undone, kind, applied=bool(undone)), as_json=as_json)
    return bool(undone)


def _undone_fields(undone: Sequence[undo.Undone], kind: undo.UndoKind, *, applied: bool) -> dict[str, object]:
    """The output of --undo --json. Only an import brings keys back."""
    keys = [
        without_absent({"access_key_id": key_id, "profile": profile or None, "file": one.path})
        for one in undone
        for profile, key_id in one.keys
    ]
    return {
        "applied": applied,
        "files": [{"file": one.path, "removed": one.then is None} for one in undone],
        **({"keys": keys} if kind.sealed else {}),
    }


def as_json(
    changes: Sequence[Change],
    *,
    known: Collection[str],
    skipped: Sequence[Skipped],
    warnings: Sequence[str],
    applied: bool,
) -> dict[str, object]:
    """The fields that `setup` and `import` share in docs/reference/json.md."""
    return {
        "applied": applied,
        "profiles": profile_fields(changes, known=known),
        "removed_files": [change.path for change in changes if not change.kind],
        "skipped": [{"profile": left.profile, "reason": left.reason} for left in skipped],
        "warnings": list(warnings),
    }


def profile_fields(changes: Sequence[Change], *, known: Collection[str]) -> list[dict[str, object]]:
    """The changed profiles, as JSON has them."""
    return [
        {
            "profile": profile.profile,
            "new": profile.new,
            **({"removed": True} if profile.removed else {}),
            "changes": [{"key": one.key, "change": one.action, "file": one.file} for one in profile.keys],
        }
        for profile in by_profile(changes, known)
    ]


def _diff(changes: Sequence[Change]) -> list[str]:
    return [
        line
        for change in changes
        for line in diff(change.path, change.before, change.after, lines=change.kind != "")
    ]


def _line(profile: ChangedProfile) -> str:
    """A line such as ``dev: credential_process added; role_arn and source_profile get the prefix awsvault_``."""
    if profile.removed:
        return f"{safe(profile.profile)}: profile removed"
    parts = []
    for action, end in _ENDS.items():
        names = dict.fromkeys(one.key for one in profile.keys if one.action == action)
        if names:
            gets = ("gets " if len(names) == 1 else "get ") if action == "prefixed" else ""
            parts.append(f"{(_listed if gets else ', '.join)(list(map(safe, names)))} {gets}{end}")
    if profile.new:
        parts.insert(0, "new profile")
    elif profile.added_to is not None:
        parts.insert(0, f"added to {safe(profile.added_to)}")
    return f"{safe(profile.profile)}: " + "; ".join(parts)


def _listed(names: list[str]) -> str:
    """``a``, ``a and b`` or ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
