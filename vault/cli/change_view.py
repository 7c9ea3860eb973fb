"""The changes that `setup` and `import` are about to make: a line per profile, the whole diff, or JSON."""

from __future__ import annotations

from vault.cli.confirm import sure
from vault.cli.terminal import emit
from vault.errors import CheckFailed
from vault.migrate.changed_keys import by_profile
from vault.migrate.diff import diff
from vault.system.replace_file import hands_off
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context
    from vault.migrate.changed_keys import ChangedProfile
    from vault.migrate.edit_plan import Skipped
    from vault.migrate.undo import Change

_ENDS = {
    "added": "added",
    "changed": "changed",
    "prefixed": "with the prefix awsvault_",
    "removed": "removed",
}


def show(changes: Sequence[Change]) -> None:
    """Print the diff on stdout."""
    for line in _diff(changes):
        emit(line)


def show_summary(changes: Sequence[Change], *, whole: bool) -> None:
    """Print a line per profile, and per file that is removed. ``whole``: the diff instead.

    The user has to make the change of a file that another program writes, so its diff is always shown.
    """
    if whole:
        show(changes)
        return
    for profile in by_profile(changes):
        emit(_line(profile))
    for change in changes:
        if not change.kind:
            emit(f"{safe(change.path)}: removed")
    show([change for change in changes if hands_off(change.path) is not None])


def confirm(context: Context, question: str, changes: Sequence[Change], *, yes: bool) -> None:
    """As ``sure``. At a terminal, the answer d shows the diff and asks again."""
    sure(context, question, yes=yes, more="\n".join(map(safe_line, _diff(changes))) if changes else "")


def safe_line(line: str) -> str:
    """A line of the diff for the terminal, whole."""
    return safe(line, limit=max(400, len(line)))


def refuse_hands_off(changes: Sequence[Change]) -> None:
    """Raise CheckFailed if another program writes one of the files, which would undo the changes."""
    for change in changes:
        reason = hands_off(change.path)
        if reason is not None:
            raise CheckFailed(
                f"{safe(change.path)} is {reason}, so awsvault-py does not write it",
                hint="make the change shown above in the file's source, then run the command again to check it",
            )


def as_json(
    changes: Sequence[Change], *, skipped: Sequence[Skipped], warnings: Sequence[str], applied: bool
) -> dict[str, object]:
    """The fields that `setup` and `import` share in docs/reference/json.md."""
    return {
        "applied": applied,
        "profiles": [
            {
                "profile": profile.profile,
                "new": profile.new,
                "changes": [{"key": one.key, "change": one.action, "file": one.file} for one in profile.keys],
            }
            for profile in by_profile(changes)
        ],
        "removed_files": [change.path for change in changes if not change.kind],
        "skipped": [{"profile": left.profile, "reason": left.reason} for left in skipped],
        "warnings": list(warnings),
    }


def _diff(changes: Sequence[Change]) -> list[str]:
    return [
        line
        for change in changes
        for line in diff(change.path, change.before, change.after, lines=change.kind != "")
    ]


def _line(profile: ChangedProfile) -> str:
    """``dev: credential_process added; role_arn, source_profile with the prefix awsvault_``."""
    parts = []
    for action, end in _ENDS.items():
        names = dict.fromkeys(one.key for one in profile.keys if one.action == action)
        if names:
            parts.append(f"{', '.join(map(safe, names))} {end}")
    return f"{safe(profile.profile)}: " + ("new profile; " if profile.new else "") + "; ".join(parts)
