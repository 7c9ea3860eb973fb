"""Entries: adding a source key, replacing one, removing one. Asks AWS through ``verify``; prints nothing."""

from __future__ import annotations

from dataclasses import dataclass

from vault.aws.credentials import Credentials
from vault.aws.key_format import odd_lengths
from vault.credentials.forget_sessions import forget_replaced
from vault.errors import AlreadyExists, Declined, Refused
from vault.frozen import replace
from vault.keys.entry_names import check_name
from vault.keys.key_input import WRONG_ID, WRONG_SECRET, check_device_account
from vault.keys.verify import Verification, verify
from vault.store import vault
from vault.store.entry_lookup import find_entry
from vault.text import command, safe
from vault.unlocking import strict_seeds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.aws.credentials import Identity
    from vault.context import Context
    from vault.keys.key_input import NewKey
    from vault.mfa.codes import Seed as DeviceSeed
    from vault.store.vault import Entry, KeyPair, Opened, Payload, StoredSeed


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedEntry:
    """What ``store`` did: the entry as stored, whether the vault has its seed, and what AWS said of the key."""

    opened: Opened
    entry: Entry
    seed_stored: bool
    verification: Verification


def check_name_is_free(opened: Opened, name: str, *, replacing: bool) -> None:
    """AlreadyExists if the name is taken and is not to be replaced; Declined while its rotation is in progress."""
    check_name(name)
    entry = opened.payload.entries.get(name)
    if entry is None:
        return
    if not replacing:
        raise AlreadyExists(
            f'the vault already has an entry "{safe(name)}" ({safe(entry.access_key_id)})',
            hint="choose another name, or add --replace",
        )
    _check_not_in_rotation(name, entry)


def _check_not_in_rotation(name: str, entry: Entry) -> None:
    if entry.journal is not None:
        raise Declined(
            f'a rotation of "{safe(name)}" is in progress, and only the vault has its new key',
            hint=f"finish it first: {command('rotate --finish', name)}",
        )


def verify_key(context: Context, name: str, key: NewKey, *, ask_aws: bool) -> Verification:
    """Ask AWS for the key's identity, if wanted. Refused; Usage if the device is in another account."""
    if not ask_aws:
        return Verification()
    try:
        found = verify(context, Credentials(key.access_key_id, key.secret), name=name)
    except Refused as error:
        if error.code == WRONG_SECRET:
            error.hint = "nothing was stored: the secret belongs to another key, or was not copied completely"
        differences = odd_lengths(key.access_key_id, key.secret)
        if differences and error.code in (WRONG_SECRET, WRONG_ID):
            error.hint = f"nothing was stored; {differences}. Was the key copied completely?"
        raise
    check_device_account(key.mfa_serial, found)
    return found


def store(
    context: Context, opened: Opened, name: str, key: NewKey, found: Verification, *, replacing: bool
) -> AddedEntry:
    """Write the entry, and its seed if there is one. AlreadyExists if another process was faster."""
    created = int(context.clock.time())

    def change(payload: Payload) -> Payload:
        old = payload.entries.get(name)
        if old is not None:
            check_name_is_free(replace(opened, payload=payload), name, replacing=replacing)
        payload = payload.with_entry(name, new_entry(key, found, old, created))
        if key.seed is not None and key.mfa_serial is not None:
            payload = payload.with_seed(key.mfa_serial, stored_seed(key.seed, created=created))
        return payload

    after = strict_seeds.prepare_edit(
        context, opened, change, purpose=f"to store the seed of {name} beside the key"
    )()
    entry = after.payload.entries[name]
    before = opened.payload.entries.get(name)
    if before is not None and before.access_key_id != entry.access_key_id:
        forget_replaced(context, [name])
    return AddedEntry(
        opened=after,
        entry=entry,
        seed_stored=entry.mfa_serial is not None and entry.mfa_serial in after.payload.seeds,
        verification=found,
    )


def new_entry(key: NewKey, found: Verification, old: Entry | None, created: int) -> Entry:
    """The key as an entry, with the identity that AWS told. It keeps the device of ``old`` if the user is the same."""
    identity = found.identity
    account, user = (identity.account, identity.user) if identity is not None else (None, None)
    serial = key.mfa_serial or kept_serial(found, old)
    return vault.Entry(
        access_key_id=key.access_key_id,
        secret=key.secret,
        created=created,
        mfa_serial=serial,
        account=account,
        user=user,
    )


def kept_serial(found: Verification, old: Entry | None) -> str | None:
    """The device of ``old`` that the key which replaces it keeps if no other is given; None if there is none."""
    identity = found.identity
    same = old is not None and (
        identity is None or (old.account, old.user) == (identity.account, identity.user)
    )
    return old.mfa_serial if old is not None and same else None


def stored_seed(seed: DeviceSeed, *, created: int) -> StoredSeed:
    """A seed in the vault's form: base32 text."""
    return vault.StoredSeed(
        secret=seed.base32(),
        created=created,
        algorithm=seed.algorithm,
        digits=seed.digits,
        period=seed.period,
    )


def check_account(entry_account: str | None, identity: Identity) -> None:
    """Refused if AWS says that the key is in another account than the entry was stored for."""
    if entry_account not in (None, identity.account):
        raise Refused(
            f"the key is in account {identity.account}, but the entry is for account {entry_account}"
        )


def journal_pairs(entry: Entry) -> list[KeyPair]:
    """The keys in the journal of the entry's rotation: the old one, the new one, or none."""
    journal = entry.journal
    return [pair for pair in (journal.old, journal.new) if pair is not None] if journal is not None else []


def seed_only_used_by(payload: Payload, name: str) -> str | None:
    """The serial of a stored seed that only this entry uses, so that it is removed with it; None if there is none."""
    serial = payload.entries[name].mfa_serial
    if serial is None or (serial not in payload.seeds and serial not in payload.strict_serials):
        return None
    others: Mapping[str, Entry] = {k: e for k, e in payload.entries.items() if k != name}
    return None if any(e.mfa_serial == serial for e in others.values()) else serial


def remove(context: Context, opened: Opened, name: str) -> Opened:
    """Remove the entry, and the seed that only it uses. NotFound, StrictClosed, Declined while its rotation is in progress."""

    def change(payload: Payload) -> Payload:
        _check_not_in_rotation(name, find_entry(payload, name))
        serial = seed_only_used_by(payload, name)
        payload = payload.without_entry(name)
        return payload.without_seed(serial) if serial is not None else payload

    after = strict_seeds.prepare_edit(context, opened, change, purpose=f"to remove {name}")()
    forget_replaced(context, [name])
    return after
