"""The vault for the rest of the program: create it, open it, change it. No terminal, no prompts.

Opening gives an ``Opened``; every change goes through ``edit`` or ``rewrite`` (change.py).
"""

from __future__ import annotations

import os

from vault import errors, limits
from vault.errors import NotThisSlot
from vault.store import boxes, copies, file, last_use
from vault.store import pin as pins
from vault.store.boxes import Draft, Strict, new_key
from vault.store.change import edit, now, rewrite
from vault.store.file import NoVault
from vault.store.format import ID, Group, Header, SlotRecord, VaultFile
from vault.store.kdf import DEFAULT, KdfParams
from vault.store.opened import KeysChanged, Opened
from vault.store.payload import Enrollment, Entry, KeyPair, Payload, RotationJournal, StoredSeed
from vault.store.pin_file import PinState, check_unopened, keep_pin, read_pin
from vault.store.slots.hardware import HardwareUnavailable
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot, read_code
from vault.store.turn import KDF_LOCK, turn_at
from vault.system import locks
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from vault.secret import Secret
    from vault.store.slots import Slot
    from vault.system.clock import Clock, Deadline
    from vault.system.files import Folder
    from vault.system.paths import Paths

__all__ = [
    "Draft",
    "Enrollment",
    "Entry",
    "KeyPair",
    "KeysChanged",
    "NoVault",
    "Opened",
    "Payload",
    "RotationJournal",
    "StoredSeed",
    "Strict",
    "create",
    "edit",
    "exists",
    "kdf_turn",
    "new_key",
    "open_strict",
    "open_with",
    "open_with_main_key",
    "open_with_passphrase",
    "read_header",
    "rewrite",
    "wrong",
]


def exists(paths: Paths) -> bool:
    """Whether there is anything at the path of the vault file."""
    return os.path.lexists(paths.vault)


def create(
    paths: Paths,
    *,
    passphrase: Secret,
    others: Sequence[Slot] = (),
    kdf: KdfParams = DEFAULT,
    clock: Clock | None = None,
    deadline: Deadline,
) -> Opened:
    """Create an empty vault of generation 1, with slots for the passphrase and ``others``.

    Errors: AlreadyExists (also if there are backups of a vault), Usage (the passphrase), StorageError, UnsafeFile,
    Busy.
    """
    if exists(paths):
        raise file.already_there(paths.vault)  # an early check; file.create decides
    copies.refuse_beside(paths)
    vault_id = os.urandom(ID)
    k_main = new_key()
    first = PassphraseSlot(passphrase, kdf=kdf, turn=kdf_turn(paths, deadline))
    draft = Draft(
        k_main=k_main,
        payload=Payload(cache_key=new_key()),
        slots=tuple(slot.wrap(k_main, vault_id=vault_id) for slot in (first, *others)),
        strict=Strict(key=new_key()),
    )
    built = boxes.build(draft, vault_id=vault_id, gen=1, time=now(clock), strict_box=None)
    path = safe(paths.vault)
    with file.open_folder(paths, create=True) as folder, file.lock(folder, deadline=deadline):
        payload = file.create(folder, built.raw, check=lambda raw: boxes.verify(raw, draft, built, path=path))
        pin = keep_pin(paths, built, payload, k_main, durable=True)
    return Opened(file=built, payload=payload, k_main=k_main, pin=pin, slot=draft.slots[0])


def read_header(paths: Paths) -> Header:
    """The header, not authenticated: which slots there are. NoVault, Damaged, UnsafeFile."""
    with file.open_folder(paths) as folder:
        return _read(folder, None).header


def open_with_main_key(paths: Paths, k_main: Secret) -> Opened:
    """Open with an earlier main key. NoVault, KeysChanged, Damaged, RolledBack, Diverged."""

    def fits(backup: VaultFile) -> bool:
        boxes.open_main(backup, k_main, path="")
        return True

    with file.open_folder(paths) as folder:
        found = _read(folder, fits)
        try:
            payload = boxes.open_main(found, k_main, path=safe(paths.vault))
        except errors.Damaged as e:
            raise KeysChanged(e.message) from None
        return _opened(paths, folder, found, payload=payload, k_main=k_main, record=None)


def open_with(paths: Paths, slot: Slot) -> Opened:
    """Open with one type of slot. NotThisSlot if no slot of the type opens; NoVault, Damaged, RolledBack, Diverged."""

    def fits(backup: VaultFile) -> bool:
        boxes.open_main(backup, unwrap(backup, slot)[1], path="")
        return True

    with file.open_folder(paths) as folder:
        found = _read(folder, fits)
        record, k_main = unwrap(found, slot)
        try:
            payload = boxes.open_main(found, k_main, path=safe(paths.vault))
        except errors.Damaged as e:
            raise copies.naming(e, folder, fits) from None
        gen = found.header.gen
        if gen < slot.known_gen:
            raise errors.RolledBack(
                f"{safe(paths.vault)} has generation {gen}, but the {slot.kind} slot has seen generation {slot.known_gen}: "
                "this is an older copy"
            )
        try:
            opened = _opened(paths, folder, found, payload=payload, k_main=k_main, record=record)
        except KeysChanged:
            return open_with(paths, slot)  # the slot opens the new file as well
        if gen > slot.known_gen:
            slot.remember(record, vault_id=found.header.vault_id, gen=gen)
        _note_use(paths, folder, found, record)
        return opened


def open_with_passphrase(paths: Paths, passphrase: Secret, *, deadline: Deadline) -> Opened:
    """Open with a passphrase, or with a recovery code that was typed in its place.

    WrongPassphrase, NoVault, Damaged, RolledBack, Diverged, ConfigError (not enough memory), Busy.
    """
    code = read_code(passphrase)
    if code is not None:
        try:
            return open_with(paths, RecoverySlot(code))
        except NotThisSlot:
            pass  # a passphrase may, rarely, look like a recovery code
    try:
        return open_with(paths, PassphraseSlot(passphrase, turn=kdf_turn(paths, deadline)))
    except NotThisSlot:
        raise wrong(paths, "the passphrase does not open the vault") from None


def wrong(paths: Paths, message: str) -> errors.Error:
    """The error for a secret that opens nothing: WrongPassphrase, unless the header is not the one last seen on this
    machine.
    """
    try:
        check_seen(paths)
    except errors.Damaged as e:
        older = isinstance(e, errors.RolledBack)
        hint = (
            e.hint if older else "if the passphrase is right, the file is damaged; run: awsvault-py restore"
        )
        return type(e)(f"{message}, and {e.message}", hint=hint)
    return errors.WrongPassphrase(message)


def check_seen(paths: Paths) -> None:
    """Compare the header, not authenticated, with what this machine last saw: RolledBack, Diverged, Damaged."""
    with file.open_folder(paths) as folder:
        check_unopened(paths, file.read(folder), path=safe(paths.vault))


def unwrap(found: VaultFile, slot: Slot, *, opens: Group = "main") -> tuple[SlotRecord, Secret]:
    """The first record of the slot's type that opens, and its key. NotThisSlot if none does."""
    records = [r for r in found.header.slots if slot.handles(r) and r.opens == opens]
    if slot.type == "pass":
        records = records[: limits.MAX_PASSPHRASE_SLOTS_TRIED]
    reason = NotThisSlot(f"the vault has no {slot.kind} slot for the {opens} box")
    for record in records:
        try:
            return record, slot.unwrap(record, vault_id=found.header.vault_id)
        except HardwareUnavailable as error:
            if not error.elsewhere or not isinstance(reason, HardwareUnavailable):
                reason = error  # what is wrong with this machine's own slot, if there is one
        except NotThisSlot as error:
            reason = error
    raise reason


def open_strict(opened: Opened, slot: Slot | None, *, path: str) -> Strict:
    """Open the strict box, with its key from the payload while it has no slots, otherwise with ``slot``. NotThisSlot,
    Damaged.
    """
    key = opened.payload.strict_key
    if key is None:
        if slot is None:
            raise NotThisSlot("the strict seeds have their own passphrase")
        _, key = unwrap(opened.file, slot, opens="strict")
    return boxes.open_strict(opened.file, opened.payload, key, path=path)


def kdf_turn(paths: Paths, deadline: Deadline) -> Callable[[], AbstractContextManager[object]]:
    """Wait for a turn at Argon2: one process at a time, with a wait up to the deadline (Busy)."""
    return turn_at(KDF_LOCK, paths, deadline)


def _opened(
    paths: Paths,
    folder: Folder,
    found: VaultFile,
    *,
    payload: Payload,
    k_main: Secret,
    record: SlotRecord | None,
) -> Opened:
    pinned = read_pin(paths, found.header.vault_id)
    if pinned is not None:
        try:
            pins.check(pinned[0], found, path=safe(paths.vault))
        except errors.Damaged:
            # There may have been a write between the two reads: then the vault is newer than what was read.
            again = file.read(folder)
            if again.prefix == found.prefix:
                raise
            try:
                payload = boxes.open_main(again, k_main, path=safe(paths.vault))
            except errors.Damaged as e:
                raise KeysChanged(e.message) from None  # that write may have been a rekey
            found = again
            pins.check(pinned[0], found, path=safe(paths.vault))
    pin = _pin_quietly(paths, folder, found, payload=payload, k_main=k_main, known=pinned)
    return Opened(file=found, payload=payload, k_main=k_main, pin=pin, slot=record)


def _pin_quietly(
    paths: Paths,
    folder: Folder,
    found: VaultFile,
    *,
    payload: Payload,
    k_main: Secret,
    known: tuple[pins.Pin, bytes] | None,
) -> PinState:
    """Pin what was read if a write is needed and no other process writes, which would pin its own generation."""
    now_pinned = pins.pin_of(found, rekeyed=payload.rekeyed)
    if known is not None and known[0] == now_pinned and pins.authentic(*known, k_main=k_main):
        return "kept"
    try:
        held = locks.try_lock(folder, file.LOCK)
    except errors.StorageError:
        return "not kept"
    if held is None:
        return "kept"
    with held:
        return keep_pin(paths, found, payload, k_main, durable=False)


def _note_use(paths: Paths, folder: Folder, found: VaultFile, record: SlotRecord) -> None:
    vault_id, when = found.header.vault_id, now(None)
    if not last_use.due(paths, vault_id, record.name, now=when):
        return
    try:
        held = locks.try_lock(folder, file.LOCK)
    except errors.StorageError:
        return
    if held is not None:  # a writer is cleaning up the state folder: this can wait for the next time
        with held:
            keep = frozenset(r.name for r in found.header.slots)
            last_use.note(paths, vault_id, record.name, now=when, keep=keep)


def _read(folder: Folder, fits: Callable[[VaultFile], bool] | None) -> VaultFile:
    try:
        return file.read(folder)
    except NoVault as e:
        raise copies.missed(e, folder) from None
    except errors.Damaged as e:
        raise copies.naming(e, folder, fits) from None
