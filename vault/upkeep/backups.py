"""Backups of the vault: writes and checks sealed copies, lists automatic backups, and restores a backup. Prints nothing."""

from __future__ import annotations

from vault import errors
from vault.credentials.forget_sessions import forget_files
from vault.errors import NotThisSlot
from vault.records import NamedTuple
from vault.remote import local_state, note
from vault.store import backup_mark, boxes, file, restore, slot_text, vault
from vault.store.format import parse_file
from vault.store.slots.keyring import KeyringSlot
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot, read_code
from vault.system import hardening
from vault.system.user_files import create_users_file
from vault.text import command, safe
from vault.unlocking import cache_key, hardware, log_key, passphrase_sources
from vault.unlocking.all_agents import replace_keys
from vault.unlocking.manual_lock import manually_locked
from vault.unlocking.seen_generations import last_seen
from vault.upkeep.secret_prompt import open_with_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Literal

    from vault.context import Context
    from vault.secret import Secret
    from vault.store.format import VaultFile
    from vault.store.payload import Payload
    from vault.store.slots import Slot
    from vault.store.vault import Opened


class Backup(NamedTuple):
    """A backup on disk. ``time`` is Unix seconds. ``entries`` is None if no available key opens the backup."""

    name: str
    gen: int
    time: int
    slots: tuple[str, ...]
    entries: tuple[str, ...] | None


class ChosenBackup(NamedTuple):
    """A backup that was opened but not restored yet. ``problem`` is what the user must accept first, or None.

    ``outdated``: the backup is from before a rekey, so the vault must be rekeyed again. ``log``: whether the log stays
    readable. ``shared``: how machines share the vault: not at all (""), as when the backup was made, or not with this backup.
    ``brings_back``: entries of a shared vault that were removed since, which a sync may remove again. ``machine``: the ID of this one.
    """

    backup: Backup
    file: VaultFile
    k_main: Secret
    known_gen: int
    problem: errors.Damaged | None
    outdated: bool = False
    log: log_key.Before = log_key.Before()
    shared: Literal["", "as then", "not"] = ""
    brings_back: tuple[str, ...] = ()
    machine: str = ""


class _OpenedBackup(NamedTuple):
    payload: Payload
    k_main: Secret
    slot: Slot


# ── writing ──────────────────────────────────────────────────────────────────────────────────


def write(opened: Opened, path: str) -> int:
    """Write the sealed vault to a new file, open the copy to check it, and return its size in bytes.

    Raises AlreadyExists, StorageError.
    """

    def check(raw: bytes) -> None:
        boxes.open_main(parse_file(raw), opened.k_main, path=safe(path))

    write_copy(path, opened.file.raw, check=check)
    return len(opened.file.raw)


def write_copy(path: str, raw: bytes, *, check: Callable[[bytes], None]) -> None:
    """Write ``raw`` to a new file and pass what is read back to ``check``. Raises AlreadyExists, StorageError."""
    try:
        create_users_file(path, raw, check=check)
    except FileExistsError:
        raise errors.AlreadyExists(
            f"{safe(path)} already exists", hint="give the backup another file name"
        ) from None


def remember(context: Context, found: VaultFile) -> None:
    """Note on this machine that this generation was backed up, so that doctor stops asking for a backup."""
    backup_mark.note(context.paths, found.header.vault_id, gen=found.header.gen)


# ── choosing and restoring ───────────────────────────────────────────────────────────────────


def list_automatic(context: Context) -> list[Backup]:
    """The automatic backups, newest first, each with its entries if an available key opens it. Never prompts."""
    hardening.before_keys()
    slots = _slots_without_prompt(context)
    return [
        _backup(name, found, _payload_by(found, slots)) for name, found in restore.automatic(context.paths)
    ]


def choose(context: Context, name: str, *, accept: bool) -> ChosenBackup:
    """Open the backup ``name`` with the user's secret. With ``accept``, a backup from before a rekey is opened too.

    Raises NotFound, Damaged, WrongPassphrase, Locked, and RolledBack if it is from before a rekey and ``accept`` is false.
    """
    hardening.before_keys()
    found = restore.read_backup(context.paths, name)
    since = restore.rekeyed_since(context.paths, found)
    if since is not None and not accept:
        raise errors.RolledBack(
            f"{safe(name)} has generation {found.header.gen}, from before the rekey in generation {since}: anyone who "
            "knows an old passphrase or recovery code could open the vault again",
            hint=f"if you have no other backup, run: {command('restore', name)} --accept, then {passwd_commands(found)}",
        )
    return _open(context, found, name)._replace(outdated=since is not None)


def passwd_commands(found: VaultFile) -> str:
    """The commands to run after a backup from before a rekey is restored: they change its passphrases."""
    has_strict = any(slot.opens == "strict" for slot in found.header.slots)
    return "awsvault-py passwd" + (" and awsvault-py passwd --strict" if has_strict else "")


def choose_present(context: Context) -> ChosenBackup:
    """Open the vault file itself, even if it is rolled back or diverged. Raises NoVault, Damaged, WrongPassphrase, Locked."""
    hardening.before_keys()
    vault.read_header(context.paths)
    found = restore.present(context.paths)
    if found is None:
        raise errors.Damaged(f"{safe(context.paths.vault)} cannot be read")
    return _open(context, found, context.paths.vault)


def restore_backup(context: Context, chosen: ChosenBackup) -> Opened:
    """Make the chosen backup the newest generation of the vault, with a new cache key. Raises StorageError, UnsafeFile, Busy."""
    new_cache_key = vault.new_key()

    def write_vault() -> Opened:
        after = restore.put_back(
            context.paths,
            chosen.file,
            chosen.k_main,
            cache_key=new_cache_key,
            known_gen=chosen.known_gen,
            deadline=context.new_deadline(),
            clock=context.clock,
        )
        forget_files(context)
        replace_keys(context, after)
        if not chosen.brings_back:  # otherwise the user first says what a sync does with them
            context.keep_main_key(after.k_main)
        return after

    after, _ = log_key.carry_over(
        context,
        old=chosen.log.opener,
        new=new_cache_key,
        vault_id=chosen.file.header.vault_id,
        write=write_vault,
        refuse=True,
    )
    return after


def _open(context: Context, found: VaultFile, name: str) -> ChosenBackup:
    ring = KeyringSlot() if context.settings.keyring != "off" else None
    seen = last_seen(context)
    opened = _open_with_secret(context, found, name)
    known_gen = _known_to(ring, found) if ring is not None else 0
    newest = seen.newest(opened.k_main) if seen is not None else None
    if newest is not None and newest.vault_id == found.header.vault_id:
        known_gen = max(known_gen, newest.gen)
    present = restore.present(context.paths)
    problem = None
    if present is not None and present.header.vault_id != found.header.vault_id:
        problem = errors.Diverged(f"{safe(name)} is a backup of a different vault")
    log = log_key.look(context, _cache_keys(context, opened, ring), vault_id=found.header.vault_id)
    backup = _backup(name, found, opened.payload)
    chosen = ChosenBackup(backup, found, opened.k_main, known_gen, problem, log=log)
    return _with_sharing(context, chosen, opened.payload, present)


def _with_sharing(
    context: Context, chosen: ChosenBackup, payload: Payload, present: VaultFile | None
) -> ChosenBackup:
    """The backup with what the vault's machines make of it. ``present``: the vault as it is."""
    try:
        local = local_state.find(payload)
    except errors.Damaged:  # of a later version; a sync says so
        return chosen._replace(shared="as then")
    if local is not None and local.remote.place.url:
        now = restore.main_key_opens(present, chosen.k_main) if present is not None else None
        back = sorted(payload.entries.keys() - now.entries.keys()) if now is not None else []
        return chosen._replace(shared="as then", brings_back=tuple(back), machine=local.me)
    known = note.read(context.paths, chosen.file.header.vault_id) is not None
    return chosen._replace(shared="not" if known else "")


def _open_with_secret(context: Context, found: VaultFile, name: str) -> _OpenedBackup:
    """Open ``found`` with a passphrase or recovery code only: a file from elsewhere must not open without the user's secret."""

    def open_with(secret: Secret) -> _OpenedBackup:
        for slot in _slots_of(context, secret):
            try:
                payload, k_main = restore.open_backup(found, slot, path=name)
            except NotThisSlot:
                continue
            return _OpenedBackup(payload, k_main, slot)
        raise errors.WrongPassphrase(
            f"the passphrase does not open {safe(name)}",
            hint="type the passphrase or a recovery code that this copy had when it was made",
        )

    note = f"Type the passphrase or a recovery code of {name}."
    return open_with_secret(context, open_with, note=note)


def _cache_keys(context: Context, opened: _OpenedBackup, ring: KeyringSlot | None) -> Iterator[Secret]:
    """The cache keys that may open the log, cheapest first. ``clear`` or a rekey may have replaced the key since the backup."""
    yield opened.payload.cache_key
    cached = cache_key.find(context.env, context.paths, context.agent)
    if cached is not None:
        yield cached.key
    files = [found for found in (restore.present(context.paths), *_automatic(context)) if found is not None]
    for found in files:
        payload = restore.main_key_opens(found, opened.k_main)
        if payload is not None:
            yield payload.cache_key
    for found in files:
        payload = _payload_by(found, [opened.slot] if ring is None else [ring, opened.slot])
        if payload is not None:
            yield payload.cache_key


def _automatic(context: Context) -> list[VaultFile]:
    try:
        return [found for _, found in restore.automatic(context.paths)]
    except file.NoVault:  # not even its folder exists
        return []


def _known_to(ring: KeyringSlot, found: VaultFile) -> int:
    """The newest generation of the vault that this machine's keyring has seen."""
    for record in found.header.slots:
        if record.type == "keyring":
            try:
                ring.unwrap(record, vault_id=found.header.vault_id)
            except NotThisSlot:
                continue
            return ring.known_gen
    return 0


def _slots_of(context: Context, secret: Secret) -> list[Slot]:
    """The slots to try with the secret: a recovery slot if it has the form of a code, then a passphrase slot."""
    code = read_code(secret)
    slots: list[Slot] = [] if code is None else [RecoverySlot(code)]
    return [*slots, PassphraseSlot(secret, turn=vault.kdf_turn(context.paths, context.new_deadline()))]


def _slots_without_prompt(context: Context) -> list[Slot]:
    slots: list[Slot] = []
    if not manually_locked(context.paths):  # these need nobody, and so they do not end a lock
        slots += [] if context.settings.keyring == "off" else [KeyringSlot()]
        slots += [hardware.device(context, kind) for kind in hardware.UNATTENDED]
    search = passphrase_sources.search(context)
    return slots if search.found is None else [*slots, *_slots_of(context, search.found.secret)]


def _payload_by(found: VaultFile, slots: list[Slot]) -> Payload | None:
    for slot in slots:
        try:
            return restore.open_backup(found, slot, path="")[0]
        except (NotThisSlot, errors.Error):
            continue
    return None


def _backup(name: str, found: VaultFile, payload: Payload | None) -> Backup:
    header = found.header
    return Backup(
        name,
        header.gen,
        header.time,
        slot_text.kinds(header.slots),
        None if payload is None else tuple(sorted(payload.entries)),
    )
