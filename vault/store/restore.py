"""Restores a backup, or accepts the current vault file as the right one. Never prompts.

A restored file becomes the newest generation, so that every pin and every other machine accepts it.
"""

from __future__ import annotations

from vault import errors, limits
from vault.frozen import replace
from vault.store import boxes, file
from vault.store.boxes import Draft
from vault.store.change import write
from vault.store.format import FormatError, VaultFile, parse_file
from vault.store.pin_file import keep_pin, read_pin
from vault.store.vault import unwrap
from vault.system.user_files import read_users_file
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.secret import Secret
    from vault.store.opened import Opened
    from vault.store.payload import Payload
    from vault.store.slots import Slot
    from vault.system.clock import Clock, Deadline
    from vault.system.paths import Paths

_ANOTHER = "try another backup: awsvault-py restore lists the automatic ones"
_FARTHEST = 2**40  # generations: more than any vault will have; 2^53 has room for thousands of such steps


def automatic(paths: Paths) -> list[tuple[str, VaultFile]]:
    """The automatic backups that can be read, by their short names bak1 to bak3, the newest first."""
    with file.open_folder(paths) as folder:
        return [(name.rpartition(".")[2], found) for name, found in file.backups(folder)]


def read_backup(paths: Paths, name: str) -> VaultFile:
    """The backup at path ``name``, or the automatic one of that short name. NotFound, Damaged, UnsafeFile."""
    if f"{file.VAULT}.{name}" in file.BACKUP_NAMES:
        with file.open_folder(paths) as folder:
            try:
                return file.read(folder, f"{file.VAULT}.{name}")
            except file.NoVault:
                raise errors.NotFound(
                    f"there is no automatic backup {name}", hint="run: awsvault-py restore"
                ) from None
    raw = read_users_file(name, limit=limits.MAX_VAULT_FILE)
    if raw is None:
        raise errors.NotFound(f"there is no backup at {safe(name)}", hint="run: awsvault-py restore")
    try:
        return parse_file(raw)
    except FormatError as e:
        raise errors.Damaged(f"{safe(name)}: {e}", hint=_ANOTHER) from None


def open_backup(found: VaultFile, slot: Slot, *, path: str) -> tuple[Payload, Secret]:
    """The content of a backup, and its main key. NotThisSlot, Damaged."""
    _, k_main = unwrap(found, slot)
    try:
        return boxes.open_main(found, k_main, path=safe(path)), k_main
    except errors.Damaged as e:
        raise errors.Damaged(e.message, hint=_ANOTHER) from None


def present(paths: Paths) -> VaultFile | None:
    """The current vault file, not authenticated. None if there is none or it cannot be read."""
    try:
        with file.open_folder(paths) as folder:
            return file.read(folder)
    except (file.NoVault, errors.Damaged):
        return None


def main_key_opens(found: VaultFile, k_main: Secret) -> Payload | None:
    """The content of ``found`` if it opens with the main key of another generation, otherwise None."""
    try:
        return boxes.open_main(found, k_main, path="")
    except errors.Damaged:
        return None


def rekeyed_since(paths: Paths, found: VaultFile) -> int | None:
    """The generation of a rekey after ``found`` was written, as far as this machine knows."""
    pinned = read_pin(paths, found.header.vault_id)
    return pinned[0].rekeyed if pinned is not None and found.header.gen < pinned[0].rekeyed else None


def put_back(
    paths: Paths,
    found: VaultFile,
    k_main: Secret,
    *,
    cache_key: Secret,
    known_gen: int = 0,
    deadline: Deadline,
    clock: Clock | None = None,
) -> Opened:
    """Write ``found``, which opens with ``k_main``, as the newest generation with a new ``cache_key``, and pin it.

    The backup's own cache key is not restored: it may have been replaced because someone knows it. The current vault
    file becomes the newest backup, or ``vault.avlt.damaged`` if it cannot be read. ``known_gen`` is a generation that
    another pin (the keyring's) has seen. Errors: Damaged, StorageError, Busy.
    """
    path = safe(paths.vault)
    with file.open_folder(paths, create=True) as folder, file.lock(folder, deadline=deadline):
        payload = boxes.open_main(found, k_main, path=path)
        seen = [found.header.gen, known_gen]
        pinned = read_pin(paths, found.header.vault_id)
        if pinned is not None:
            seen.append(pinned[0].gen)
        keep_old = True
        try:
            lies_there = file.read(folder)
            if lies_there.header.vault_id == found.header.vault_id:
                seen.append(lies_there.header.gen)
        except file.NoVault:
            keep_old = False
        except errors.Damaged:
            file.set_aside(folder)
            keep_old = False  # as the newest backup, it would push out one that opens
        draft = Draft(k_main=k_main, payload=replace(payload, cache_key=cache_key), slots=found.header.slots)
        gen = _next(seen)
        opened = write(paths, folder, draft, old=found, gen=gen, clock=clock, keep_old=keep_old)
        keep_pin(paths, opened.file, opened.payload, k_main, durable=True, accept=True)
        return opened


def _next(seen: list[int]) -> int:
    """The generation after all that were seen. Some are not authenticated: a forged one must not use up all numbers."""
    return max(n for n in seen if n <= seen[0] + _FARTHEST) + 1
