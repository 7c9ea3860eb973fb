"""Import: stores the keys in the vault, then removes them from where they were. Never prints or prompts.

An interruption at any point is harmless, because of the order: AWS verifies the keys (verify_keys.py), one write stores them
in the vault, a record sealed under a key of the vault notes the lines to remove (undo.py), and only then are they removed.
"""

from __future__ import annotations

from vault import errors
from vault.keys import entries
from vault.keys.verify import Verification
from vault.migrate import undo
from vault.store import vault
from vault.system.replace_file import hands_off
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context
    from vault.migrate.import_plan import ImportPlan
    from vault.store.vault import Opened


def move(context: Context, opened: Opened, plan: ImportPlan, changes: Sequence[undo.Change]) -> None:
    """Store the keys, then remove them from where they were.

    A file that another program generates is not changed; the caller reports it. Raises the errors of ``store`` and
    ``undo.apply_changes``.
    """
    opened = store(context, opened, plan)
    own = [change for change in changes if hands_off(change.path) is None]
    undo.apply_changes(context, own, kind=undo.IMPORT, opened=opened)


def store(context: Context, opened: Opened, plan: ImportPlan) -> Opened:
    """Store all keys in the vault in one write. Raises AlreadyExists if another process stored a key under a name first."""
    new = [moved for moved in plan.keys if not moved.stored]
    created = int(context.clock.time())

    def change(payload: vault.Payload) -> vault.Payload:
        for moved in new:
            held = payload.entries.get(moved.entry)
            if held is not None and held.journal is not None:
                raise errors.AlreadyExists(
                    f"a rotation of {safe(moved.entry)} began in the meantime",
                    hint=f"finish it first: awsvault-py rotate --finish {safe(moved.entry)}",
                )
            if held is not None and held != opened.payload.entries.get(moved.entry):
                raise errors.AlreadyExists(
                    f"another key was stored as {safe(moved.entry)} in the meantime ({safe(held.access_key_id)})",
                    hint="nothing was moved; run the import again",
                )
            proof = moved.proof or Verification()
            payload = payload.with_entry(moved.entry, entries.new_entry(moved.key, proof, held, created))
        return payload

    if not new:
        return opened
    return vault.edit(
        context.paths,
        opened.k_main,
        change,
        clock=context.clock,
        deadline=context.new_deadline(),
        known=opened,
    )
