"""Entries: adding a source key, removing one, and what there is. Asks AWS through ``proof``; prints nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vault.aws.credentials import Credentials
from vault.aws.key_format import odd_lengths
from vault.errors import AlreadyExists, Declined, Refused
from vault.keys.entry_names import check_name
from vault.keys.key_input import WRONG_ID, WRONG_SECRET, check_account
from vault.keys.verify import Proof, prove
from vault.store import vault
from vault.store.entry_lookup import find
from vault.text import safe
from vault.unlocking import strict_seeds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.context import Context
    from vault.keys.key_input import NewKey
    from vault.mfa.codes import Seed as DeviceSeed
    from vault.store.vault import Entry, Opened, Payload, StoredSeed


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What ``add`` did: the entry as stored, whether a seed lies beside it, and how the question to AWS ended."""

    opened: Opened
    entry: Entry
    seed_stored: bool
    proof: Proof


def check_free(opened: Opened, name: str, *, replacing: bool) -> None:
    """AlreadyExists where the name is taken and is not to be replaced; Declined while its rotation is under way."""
    check_name(name)
    entry = opened.payload.entries.get(name)
    if entry is None:
        return
    if not replacing:
        raise AlreadyExists(
            f'there is an entry "{safe(name)}" already ({safe(entry.access_key_id)})',
            hint="choose another name, or say --replace",
        )
    _no_rotation(name, entry)


def _no_rotation(name: str, entry: Entry) -> None:
    if entry.journal is not None:
        raise Declined(
            f'a rotation of "{safe(name)}" is under way, and the vault holds the only copy of its new key',
            hint=f"finish it first: awsvault-py rotate --finish {safe(name)}",
        )


def proven(context: Context, name: str, key: NewKey, *, verify: bool) -> Proof:
    """Ask AWS who the key is, unless not wanted. Refused; Usage where the device is another account's."""
    if not verify:
        return Proof()
    try:
        proof = prove(context, Credentials(key.access_key_id, key.secret), name=name)
    except Refused as error:
        if error.code == WRONG_SECRET:
            error.hint = "nothing was stored: the secret is another key's, or was not copied whole"
        odd = odd_lengths(key.access_key_id, key.secret)
        if odd and error.code in (WRONG_SECRET, WRONG_ID):
            error.hint = f"nothing was stored; {odd}: was the key copied whole?"
        raise
    check_account(key.mfa_serial, proof)
    return proof


def store(
    context: Context, opened: Opened, name: str, key: NewKey, proof: Proof, *, replacing: bool
) -> Added:
    """Write the entry, and its seed where one is given. AlreadyExists where another process was faster."""
    created = int(context.clock.time())

    def change(payload: Payload) -> Payload:
        old = payload.entries.get(name)
        if old is not None:
            check_free(replace(opened, payload=payload), name, replacing=replacing)
        payload = payload.with_entry(name, new_entry(key, proof, old, created))
        if key.seed is not None and key.mfa_serial is not None:
            payload = payload.with_seed(key.mfa_serial, stored_seed(key.seed, created=created))
        return payload

    after = strict_seeds.prepared(
        context, opened, change, purpose=f"to store the seed of {name} beside the key"
    )()
    entry = after.payload.entries[name]
    return Added(
        opened=after,
        entry=entry,
        seed_stored=entry.mfa_serial is not None and entry.mfa_serial in after.payload.seeds,
        proof=proof,
    )


def new_entry(key: NewKey, proof: Proof, old: Entry | None, created: int) -> Entry:
    """The key as an entry, with who AWS said it is; in the place of ``old``, whose device stays with its user."""
    identity = proof.identity
    account, user = (identity.account, identity.user) if identity is not None else (None, None)
    serial = key.mfa_serial
    if (
        serial is None
        and old is not None
        and (identity is None or (old.account, old.user) == (account, user))
    ):
        serial = old.mfa_serial  # a new key of the same user: the device stays
    return vault.Entry(
        access_key_id=key.access_key_id,
        secret=key.secret,
        created=created,
        mfa_serial=serial,
        account=account,
        user=user,
    )


def stored_seed(seed: DeviceSeed, *, created: int) -> StoredSeed:
    """A seed as the vault keeps it: base32 text."""
    return vault.StoredSeed(
        secret=seed.base32(),
        created=created,
        algorithm=seed.algorithm,
        digits=seed.digits,
        period=seed.period,
    )


def seed_goes_with(payload: Payload, name: str) -> str | None:
    """The serial whose seed only this entry uses, so that it goes with it; None where there is none."""
    serial = payload.entries[name].mfa_serial
    if serial is None or (serial not in payload.seeds and serial not in payload.strict_serials):
        return None
    others: Mapping[str, Entry] = {k: e for k, e in payload.entries.items() if k != name}
    return None if any(e.mfa_serial == serial for e in others.values()) else serial


def remove(context: Context, opened: Opened, name: str) -> Opened:
    """Forget the entry, and the seed that only it uses. NotFound, StrictClosed, Declined while its rotation is under way."""

    def change(payload: Payload) -> Payload:
        _no_rotation(name, find(payload, name))
        serial = seed_goes_with(payload, name)
        payload = payload.without_entry(name)
        return payload.without_seed(serial) if serial is not None else payload

    return strict_seeds.prepared(context, opened, change, purpose=f"to remove {name}")()
