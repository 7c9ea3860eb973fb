"""Copies of the vault: a sealed file made and verified, and a copy put back. Prints nothing."""

from __future__ import annotations

from typing import NamedTuple

from vault import errors, limits
from vault.errors import NotThisSlot
from vault.store import backup_mark, boxes, file, restore, vault
from vault.store.format import parse_file
from vault.store.slots.keyring import KeyringSlot
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot, read_code
from vault.system import hardening
from vault.system.user_files import create_users_file
from vault.text import safe
from vault.unlocking import cache_key, log_key
from vault.unlocking import passphrase_sources as unattended
from vault.unlocking.all_agents import replace_keys
from vault.unlocking.seen_generations import last_seen
from vault.unlocking.unlock import locked
from vault.upkeep.slots import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vault.context import Context
    from vault.secret import Secret
    from vault.store.format import VaultFile
    from vault.store.payload import Payload
    from vault.store.slots import Slot
    from vault.store.vault import Opened

_TRIES = 3


class Copy(NamedTuple):
    """A backup as it lies there. ``entries`` is None where nothing at hand opens it."""

    name: str
    gen: int
    time: int
    slots: tuple[str, ...]
    entries: tuple[str, ...] | None


class ChosenBackup(NamedTuple):
    """A copy that opened, before it is put back. ``problem`` says why a person should think twice, or is None.

    ``outdated``: it is from before a renewal of the master keys, so they are due to be renewed again. ``log`` is the log
    as it lies there: whether it stays readable under the copy.
    """

    copy: Copy
    file: VaultFile
    k_main: Secret
    known_gen: int
    problem: errors.Damaged | None
    outdated: bool = False
    log: log_key.Before = log_key.Before()


def make(opened: Opened, path: str) -> int:
    """Write the sealed vault to a new file and open what was written; its bytes. AlreadyExists, StorageError."""

    def check(raw: bytes) -> None:
        boxes.open_main(parse_file(raw), opened.k_main, path=safe(path))

    write_copy(path, opened.file.raw, check=check)
    return len(opened.file.raw)


def write_copy(path: str, raw: bytes, *, check: Callable[[bytes], None]) -> None:
    """A new file of the user's with ``raw`` in it, which ``check`` is given as it is read back. AlreadyExists, StorageError."""
    try:
        create_users_file(path, raw, check=check)
    except FileExistsError:
        raise errors.AlreadyExists(
            f"{safe(path)} is there already", hint="give the backup a name of its own"
        ) from None


def remember(context: Context, found: VaultFile) -> None:
    """Note on this machine that a backup of this generation was made; doctor asks for one until then."""
    backup_mark.note(context.paths, found.header.vault_id, gen=found.header.gen)


def automatic(context: Context) -> list[Copy]:
    """The automatic backups, the newest first, with what they hold where a key at hand opens them. Asks nobody."""
    hardening.before_keys()
    ways = _unattended_ways(context)
    return [_copy(name, found, _payload_by(found, ways)) for name, found in restore.automatic(context.paths)]


def choose(context: Context, name: str, *, accept: bool) -> ChosenBackup:
    """Open a backup by whatever opens it. ``accept``: take one from before a renewal of the master keys too.

    NotFound, Damaged, RolledBack (from before a renewal, and no ``accept``), WrongPassphrase, Locked.
    """
    hardening.before_keys()
    found = restore.read_backup(context.paths, name)
    since = restore.rekeyed_since(context.paths, found)
    if since is not None and not accept:
        raise errors.RolledBack(
            f"{safe(name)} is of generation {found.header.gen}, from before the keys were renewed in generation {since}: "
            "who knows a secret of that time could open what comes after it",
            hint=f"if it is the only copy: awsvault-py restore {safe(name)} --accept, then {to_change(found)}",
        )
    return _open(context, found, name)._replace(outdated=since is not None)


def to_change(found: VaultFile) -> str:
    """The commands that change the secrets of a copy from before a renewal."""
    strictly = any(slot.opens == "strict" for slot in found.header.slots)
    return "awsvault-py passwd" + (" and awsvault-py passwd --strict" if strictly else "")


def choose_present(context: Context) -> ChosenBackup:
    """The vault that lies there, rolled back or diverged as it may be. NoVault, Damaged, WrongPassphrase, Locked."""
    hardening.before_keys()
    vault.read_header(context.paths)
    found = restore.present(context.paths)
    if found is None:
        raise errors.Damaged(f"{safe(context.paths.vault)} cannot be read")
    return _open(context, found, context.paths.vault)


def put_back(context: Context, chosen: ChosenBackup) -> Opened:
    """Make the chosen copy the newest generation of the vault, under a new cache key. StorageError, UnsafeFile, Busy."""
    from vault.credentials.forget_sessions import forget_files

    fresh = vault.new_key()

    def write() -> Opened:
        after = restore.put_back(
            context.paths,
            chosen.file,
            chosen.k_main,
            cache_key=fresh,
            known_gen=chosen.known_gen,
            deadline=context.new_deadline(),
            clock=context.clock,
        )
        forget_files(context)
        replace_keys(context, after)
        return after

    after, _ = log_key.carried(
        context,
        old=chosen.log.opener,
        new=fresh,
        vault_id=chosen.file.header.vault_id,
        write=write,
        refuse=True,
    )
    return after


def _open(context: Context, found: VaultFile, name: str) -> ChosenBackup:
    ring = KeyringSlot() if context.settings.keyring != "off" else None
    seen = last_seen(context)
    payload, k_main, way = _by_secret(context, found, name)
    known_gen = _known_to(ring, found) if ring is not None else 0
    newest = seen.newest(k_main) if seen is not None else None
    if newest is not None and newest.vault_id == found.header.vault_id:
        known_gen = max(known_gen, newest.gen)
    present = restore.present(context.paths)
    problem = None
    if present is not None and present.header.vault_id != found.header.vault_id:
        problem = errors.Diverged(f"{safe(name)} is a copy of another vault than the one that lies there")
    log = log_key.look(
        context, _cache_keys(context, payload, k_main, way, ring), vault_id=found.header.vault_id
    )
    return ChosenBackup(_copy(name, found, payload), found, k_main, known_gen, problem, log=log)


def _cache_keys(
    context: Context, payload: Payload, k_main: Secret, way: Slot, ring: KeyringSlot | None
) -> Iterator[Secret]:
    """The cache keys that the log may lie under, the cheapest to get first: a ``clear`` or new master keys came between."""
    yield payload.cache_key
    held = cache_key.find(context.env, context.paths)
    if held is not None:
        yield held.key
    lying = [found for found in (restore.present(context.paths), *_automatic(context)) if found is not None]
    for found in lying:
        there = restore.main_key_opens(found, k_main)
        if there is not None:
            yield there.cache_key
    for found in lying:
        there = _payload_by(found, [way] if ring is None else [ring, way])
        if there is not None:
            yield there.cache_key


def _automatic(context: Context) -> list[VaultFile]:
    try:
        return [found for _, found in restore.automatic(context.paths)]
    except file.NoVault:  # not even its folder is there
        return []


def _known_to(ring: KeyringSlot, found: VaultFile) -> int:
    """The newest generation that this machine's keyring has seen of the vault."""
    for record in found.header.slots:
        if record.type == "keyring":
            try:
                ring.unwrap(record, vault_id=found.header.vault_id)
            except NotThisSlot:
                continue
            return ring.known_gen
    return 0


def _by_secret(context: Context, found: VaultFile, name: str) -> tuple[Payload, Secret, Slot]:
    """By a passphrase or recovery code: a copy from elsewhere is not opened without a person's word for it."""
    search = unattended.search(context)
    if search.found is not None:
        opened = _try(context, found, search.found.secret, name)
        if opened is None:
            raise errors.WrongPassphrase(
                f"the passphrase (from {search.found.source}) does not open {safe(name)}"
            )
        return opened
    if not context.interaction.possible():
        raise locked([*search.tried, f"prompt ({context.interaction.obstacle()})"])
    complaint = ""
    for _ in range(_TRIES):
        typed = context.interaction.hidden(
            "Passphrase",
            deadline=context.new_deadline(limits.ATTENDED_PROMPT_TIME),
            note=f"The passphrase, or a recovery code, that opens {name}:",
            complaint=complaint,
        )
        opened = _try(context, found, typed, name)
        if opened is not None:
            return opened
        complaint = "That does not open it; try again."
    raise errors.WrongPassphrase(f"the passphrase does not open {safe(name)}")


def _try(
    context: Context, found: VaultFile, secret: Secret, name: str
) -> tuple[Payload, Secret, Slot] | None:
    for way in _ways(context, secret):
        try:
            payload, k_main = restore.open_backup(found, way, path=name)
        except NotThisSlot:
            continue
        return payload, k_main, way
    return None


def _ways(context: Context, secret: Secret) -> list[Slot]:
    code = read_code(secret)
    ways: list[Slot] = [] if code is None else [RecoverySlot(code)]
    return [*ways, PassphraseSlot(secret, turn=vault.kdf_turn(context.paths, context.new_deadline()))]


def _unattended_ways(context: Context) -> list[Slot]:
    ways: list[Slot] = [] if context.settings.keyring == "off" else [KeyringSlot()]
    search = unattended.search(context)
    return ways if search.found is None else [*ways, *_ways(context, search.found.secret)]


def _payload_by(found: VaultFile, ways: list[Slot]) -> Payload | None:
    for way in ways:
        try:
            return restore.open_backup(found, way, path="")[0]
        except (NotThisSlot, errors.Error):
            continue
    return None


def _copy(name: str, found: VaultFile, payload: Payload | None) -> Copy:
    header = found.header
    kinds = tuple(KINDS[slot.type] for slot in header.slots if slot.opens == "main")
    return Copy(
        name, header.gen, header.time, kinds, None if payload is None else tuple(sorted(payload.entries))
    )
