"""Reports what `import` found, what changes in the files, and what does not, as lines and as JSON."""

from __future__ import annotations

from vault.cli import change_view
from vault.cli.terminal import say, without_absent
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from vault.migrate import undo
    from vault.migrate.edit_plan import EditPlan, Skipped
    from vault.migrate.foreign_stores import Store
    from vault.migrate.import_plan import ImportPlan


def named(left: Skipped) -> str:
    """The reason why a profile was left out, with the name of the profile in it once."""
    name = safe(left.profile)
    return left.reason if f"profile {name} " in left.reason else f"{name}: {left.reason}"


def tell_keys(batch: ImportPlan) -> None:
    """Report the keys to import, and the keys that cannot be imported."""
    for left in batch.skipped:
        say(f"Not imported: {named(left)}")
    for moved in batch.keys:
        identity = moved.proof.identity if moved.proof is not None else None
        who = (
            f", {safe(identity.user or 'the root user')} in {identity.account}"
            if identity is not None
            else ""
        )
        where = ", ".join(moved.origins)
        shared = (
            f", used by profiles {', '.join(map(safe, moved.profiles))}" if len(moved.profiles) > 1 else ""
        )
        shared = shared if moved.profiles else ", used by no profile"
        state = "already in the vault" if moved.stored else "not yet in the vault"
        say(f"{safe(moved.entry)}: {safe(moved.key.access_key_id)}{who}{shared} ({where}): {state}")
    if not batch.keys:
        say("There are no keys to import.")


def show_changes(
    changes: Sequence[undo.Change], plan: EditPlan, *, known: Collection[str], whole: bool
) -> None:
    """Show what changes in the files."""
    change_view.show_summary(changes, known=known, whole=whole)
    for warning in plan.warnings:
        say(f"Warning: {warning}")


def tell_rest(
    batch: ImportPlan, changes: Sequence[undo.Change], plan: EditPlan, *, store: Store | None
) -> None:
    """Report what an import did not do, and whether ``store`` still has the keys.

    Raises CheckFailed if another program generates one of the files.
    """
    change_view.refuse_hands_off(changes)
    for left in plan.skipped:
        say(f"Not set up: {named(left)}")
    if changes:
        say("Removed the keys from the files. To restore the files: awsvault-py import --undo")
    if store is not None and any("keyring item" in moved.origins[0] for moved in batch.keys):
        say(
            f"{store.program}'s keyring still has the keys. Once the profiles work, delete them: {store.forget}"
        )


def as_json(
    batch: ImportPlan,
    plan: EditPlan,
    changes: Sequence[undo.Change],
    *,
    known: Collection[str],
    applied: bool,
) -> dict[str, object]:
    """The output of --json (docs/reference/json.md)."""
    keys = []
    for moved in batch.keys:
        identity = moved.proof.identity if moved.proof is not None else None
        keys.append(
            without_absent(
                {
                    "entry": moved.entry,
                    "access_key_id": moved.key.access_key_id,
                    "account": identity.account if identity is not None else None,
                    "user": identity.user if identity is not None else None,
                    "profiles": list(moved.profiles),
                    "found_in": list(moved.origins),
                    "stored": moved.stored or applied,
                }
            )
        )
    left = [*batch.skipped, *plan.skipped]
    return {
        "keys": keys,
        **change_view.as_json(changes, known=known, skipped=left, warnings=plan.warnings, applied=applied),
    }
