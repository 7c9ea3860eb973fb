"""Changes to the vault: lock, read again, apply, write the next generation, pin it. Two concurrent writers lose nothing."""

from __future__ import annotations

from vault import errors
from vault.frozen import replace
from vault.store import boxes, file, slot_text
from vault.store import pin as pins
from vault.store.boxes import Draft
from vault.store.format import FormatError
from vault.store.opened import KeysChanged, Opened
from vault.store.pin_file import keep_pin, read_pin
from vault.store.strict_json import JsonError
from vault.system.clock import SystemClock
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.secret import Secret
    from vault.store.format import VaultFile
    from vault.store.payload import Payload
    from vault.system.clock import Clock, Deadline
    from vault.system.files import Folder
    from vault.system.paths import Paths


def edit(
    paths: Paths,
    k_main: Secret,
    change: Callable[[Payload], Payload],
    *,
    deadline: Deadline,
    clock: Clock | None = None,
    known: Opened | None = None,
) -> Opened:
    """Apply ``change`` to the current content of the vault and write the next generation. ``known``: as for ``rewrite``.

    ``change`` may raise to stop without a write. If it returns its argument, nothing is written. Errors: KeysChanged,
    NoVault, Damaged, RolledBack, Diverged, StorageError, UnsafeFile, Busy.
    """
    return rewrite(
        paths,
        k_main,
        lambda draft, _: replace(draft, payload=change(draft.payload)),
        deadline=deadline,
        clock=clock,
        known=known,
    )


def rewrite(
    paths: Paths,
    k_main: Secret,
    change: Callable[[Draft, VaultFile], Draft],
    *,
    deadline: Deadline,
    clock: Clock | None = None,
    known: Opened | None = None,
) -> Opened:
    """Like ``edit``, but also for slots, keys and strict seeds. A draft with new keys leaves no automatic backup.

    ``known``: the vault as the caller has opened it. If the file is still the same, byte for byte, it is not opened again.

    A change that removes the last strict seed also removes the slots of the strict box and empties it, which needs none
    of their keys.
    """
    path = safe(paths.vault)
    with file.open_folder(paths) as folder, file.lock(folder, deadline=deadline):
        found = file.read(folder)
        pinned = read_pin(paths, found.header.vault_id)
        if known is not None and known.k_main == k_main and known.file == found:
            payload = known.payload
        else:
            payload = _open_again(found, k_main, path=path)
        if pinned is not None:
            pins.check(pinned[0], found, path=path)
        old = Draft(k_main=k_main, payload=payload, slots=found.header.slots)
        draft = change(old, found)
        if payload.strict_serials and not draft.payload.strict_serials and draft.strict is None:
            draft = boxes.without_strict(draft)
        if len(draft.slots) > len(old.slots):
            slot_text.check_room(draft.slots[:-1])  # a sync may bring several slots of the strict box
        if draft == old:
            folder.sync()  # a write whose last step failed may have written it
            pin = keep_pin(paths, found, payload, k_main, durable=True)
            return Opened(file=found, payload=payload, k_main=k_main, pin=pin)
        return write(paths, folder, draft, old=found, gen=found.header.gen + 1, clock=clock)


def _open_again(found: VaultFile, k_main: Secret, *, path: str) -> Payload:
    try:
        return boxes.open_main(found, k_main, path=path)
    except errors.Damaged:
        raise KeysChanged(
            f"{path} no longer opens with the key that opened it when this command started: another process "
            "has changed its keys (passwd, rekey, slots remove), or it is damaged; nothing was written",
            hint="run the command again: it opens the vault again, and reports damage",
        ) from None


def write(
    paths: Paths,
    folder: Folder,
    draft: Draft,
    *,
    old: VaultFile,
    gen: int,
    clock: Clock | None = None,
    keep_old: bool = True,
) -> Opened:
    """Steps 3 to 7 of a write, under the lock that the caller holds.

    ``old`` provides the ID, and the strict box if the draft keeps it. ``gen`` is the generation of the new file.
    ``keep_old`` makes the current vault file the newest backup, unless the draft has new keys or is minor.
    """
    path = safe(paths.vault)
    try:
        built = boxes.build(
            draft, vault_id=old.header.vault_id, gen=gen, time=now(clock), strict_box=old.strict
        )
    except (FormatError, JsonError) as e:
        names = isinstance(e, JsonError)
        raise errors.Usage(
            f"the vault cannot store this: {e}",
            hint="use other characters in names" if names else "remove what you no longer need",
        ) from None
    # With new keys the old file must not remain as a backup: its secrets would open the same entries.
    payload = file.replace(
        folder,
        built.raw,
        check=lambda raw: boxes.verify(raw, draft, built, path=path),
        keep_old=keep_old and not draft.new_keys and not draft.minor,
    )
    file.drop_backups(folder, below=None if draft.new_keys else payload.rekeyed)
    pin = keep_pin(paths, built, payload, draft.k_main, durable=True)
    return Opened(file=built, payload=payload, k_main=draft.k_main, pin=pin)


def now(clock: Clock | None) -> int:
    """Unix seconds, never negative: numbers in the format have no sign."""
    return max(0, int((clock or SystemClock()).time()))
