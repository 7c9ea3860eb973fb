"""Puts a vault that came from another machine in this machine's place: a file with keys and slots of its own, of the same ID.

No terminal, no prompts.
"""

from __future__ import annotations

from vault import errors
from vault.store import boxes, copies, file, vault
from vault.store.change import now
from vault.store.format import FormatError
from vault.store.opened import Opened
from vault.store.pin_file import keep_pin, read_pin
from vault.store.strict_json import JsonError
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.store.boxes import Draft
    from vault.system.clock import Clock, Deadline
    from vault.system.paths import Paths


_HINT = "restore the previous version of the object, or sync from another machine first"


def create_from(
    paths: Paths, draft: Draft, *, vault_id: bytes, deadline: Deadline, clock: Clock | None = None
) -> Opened:
    """Create the vault ``draft``. Its generation is above any that this machine has seen of that ID.

    Errors: AlreadyExists (also if there are backups of a vault), Damaged (what came cannot be stored), StorageError, UnsafeFile, Busy.
    """
    if vault.exists(paths):
        raise file.already_there(paths.vault)  # an early check; file.create decides
    copies.refuse_beside(paths)
    path = safe(paths.vault)
    with file.open_folder(paths, create=True) as folder, file.lock(folder, deadline=deadline):
        pinned = read_pin(paths, vault_id)
        gen = 1 if pinned is None else pinned[0].gen + 1
        try:
            built = boxes.build(draft, vault_id=vault_id, gen=gen, time=now(clock), strict_box=None)
        except (FormatError, JsonError) as error:
            raise errors.Damaged(f"the vault that came cannot be stored: {error}", hint=_HINT) from None
        payload = file.create(folder, built.raw, check=lambda raw: boxes.verify(raw, draft, built, path=path))
        pin = keep_pin(paths, built, payload, draft.k_main, durable=True)
    return Opened(file=built, payload=payload, k_main=draft.k_main, pin=pin)
