"""Replaces the master keys, for `passwd`, `slots remove` and `rekey`.

Anyone who has an old copy of the vault and an old passphrase must not be able to open new files. ``carry_out`` follows a
plan (vault/upkeep/rekey_plan.py) in one write. Prints nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from vault import errors, limits
from vault.credentials.forget_sessions import forget_files
from vault.frozen import replace
from vault.records import NamedTuple
from vault.signin import sealed as signins
from vault.store import boxes, file, vault
from vault.store.slots.keyring import KeyringSlot
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot
from vault.system.files import Folder
from vault.unlocking import log_key
from vault.unlocking.all_agents import replace_keys
from vault.upkeep import recovery_code, rekey_strict, slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.context import Context
    from vault.secret import Secret
    from vault.store.boxes import Draft
    from vault.store.format import SlotRecord, VaultFile
    from vault.store.payload import Payload
    from vault.store.slots import Slot
    from vault.store.vault import Opened
    from vault.upkeep.rekey_plan import RekeyPlan

    PayloadChange = Callable[[Payload], Payload]
    WriteWith = Callable[[PayloadChange], Opened]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rekeyed:
    """A vault with new master keys. ``left`` lists old files and keyring items that could not be deleted.

    ``log`` says why the earlier log cannot be read with the new keys; None if it can, or if there is no log.
    ``strict_kept``: the strict key is unchanged, because the strict passphrase was not given. ``lost``: where the user must sign
    in to IAM Identity Center again, because another process was using that sign-in. ``removed``: slots that could not be kept.
    """

    opened: Opened
    left: tuple[str, ...]
    log: str | None = None
    strict_kept: bool = False
    lost: tuple[str, ...] = ()
    removed: tuple[SlotRecord, ...] = ()


class _NewKeys(NamedTuple):
    main: Secret
    cache: Secret
    sign_in: Secret


def carry_out(
    context: Context,
    plan: RekeyPlan,
    *,
    strict: rekey_strict.StrictRekeyPlan | None = None,
    publish: Callable[[WriteWith], None] | None = None,
) -> Rekeyed:
    """Write the vault with new keys. Recovery codes are issued first; nothing is changed before the write.

    ``strict`` has the new strict key; None if the strict passphrase was not given, and then the strict key stays. ``publish`` is
    called when all slots are ready: it does what must come before the write, and calls the write with a change of the payload.
    Raises Declined (the code is not typed back), ConfigError (the keyring or the TPM fails), StorageError, Busy, KeysChanged.
    """
    opened = plan.opened
    new = _NewKeys(vault.new_key(), vault.new_key(), vault.new_key())
    kept_slots = _kept_slots(context, plan)
    records: list[SlotRecord] = []
    lost: list[str] = []
    results: list[tuple[Opened, str | None]] = []
    written = False

    def write(change: PayloadChange) -> Opened:
        nonlocal written
        with signins.carried_over(
            context.paths,
            old=lambda: _key_of_sign_ins(context, opened),
            new=new.sign_in,
            vault_id=opened.vault_id,
            deadline=context.new_deadline(),
        ) as dropped:
            after = _write(context, plan, new, tuple(records), strict=strict, more=change)
            written = True
            lost.extend(dropped)
        # Cached sessions are sealed with the old cache key. Agents that have the old keys get the new ones.
        forget_files(context)
        replace_keys(context, after, before=opened.k_main)
        return after

    def write_with(change: PayloadChange) -> Opened:
        # If the log cannot be kept, the rekey still goes on.
        after, log = log_key.carry_over(
            context,
            old=opened.cache_key,
            new=new.cache,
            vault_id=opened.vault_id,
            write=lambda: write(change),
            refuse=False,
        )
        results.append((after, log))
        return after

    try:
        for slot in kept_slots:
            records.append(slots.wrapped(slot, new.main, opened))  # noqa: PERF401  # undone below after an error
        (publish or _alone)(write_with)
    except BaseException:
        if not written:
            _forget_keyring_items(kept_slots, records, opened)
        raise
    ((after, log),) = results
    left = _delete_old(context, plan)
    if strict is not None:
        rekey_strict.close_in_agent(context, opened)
    kept = strict is None and any(r.opens == "strict" for r in after.header.slots)
    return Rekeyed(opened=after, left=left, log=log, strict_kept=kept, lost=tuple(lost), removed=plan.lost)


def _alone(write: WriteWith) -> None:
    write(lambda payload: payload)


def _key_of_sign_ins(context: Context, opened: Opened) -> Secret | None:
    """As it is now: the first sign-in may have created it meanwhile. KeysChanged."""
    return vault.open_with_main_key(context.paths, opened.k_main).payload.sso_key


def _kept_slots(context: Context, plan: RekeyPlan) -> list[Slot]:
    """The slots that will wrap the new main key."""
    kept: list[Slot] = []
    if plan.passphrase is not None:
        turn = vault.kdf_turn(context.paths, context.new_deadline())
        kept.append(PassphraseSlot(plan.passphrase, kdf=plan.kdf, turn=turn))
    gen = plan.opened.header.gen + 1
    kept += [KeyringSlot(seconds=limits.KEYRING_WRITE_TIMEOUT, host=r.host, gen=gen) for r in plan.keyrings]
    kept += plan.hardware.values()
    if plan.codes:  # one new code replaces all old ones
        kept.append(RecoverySlot(recovery_code.issue(context)))
    return kept


def _write(
    context: Context,
    plan: RekeyPlan,
    new: _NewKeys,
    records: tuple[SlotRecord, ...],
    *,
    strict: rekey_strict.StrictRekeyPlan | None,
    more: PayloadChange,
) -> Opened:
    opened = plan.opened
    of_main = strict is None and all(record.opens == "main" for record in plan.dropped)

    def compared(slots: tuple[SlotRecord, ...]) -> list[SlotRecord]:
        """Strict slots may come from another machine meanwhile, where this run does nothing to them."""
        return [record for record in slots if record.opens == "main" or not of_main]

    def change(draft: Draft, found: VaultFile) -> Draft:
        if compared(found.header.slots) != compared(opened.header.slots):
            raise errors.StorageError(
                "another process changed the slots",
                hint="run the command again to use the current slots",
            )
        strict_slots = tuple(r for r in found.header.slots if r.opens == "strict" and r not in plan.dropped)
        # The ledgers of used codes stay valid, so a used code is still refused.
        payload = replace(more(draft.payload), cache_key=new.cache, ledger_key=opened.ledger_key)
        if payload.sso_key is not None:
            payload = replace(payload, sso_key=new.sign_in)
        draft = replace(draft, k_main=new.main, payload=payload, slots=records + strict_slots, new_keys=True)
        if strict is not None:
            return rekey_strict.apply(draft, found, strict)
        if strict_slots:
            return draft
        if payload.strict_key is None:  # the last slot of the strict box is removed
            return boxes.without_strict(draft)
        # The strict box has no slot: its key is in the main box and is replaced with the main key.
        box = boxes.open_strict(found, payload, payload.strict_key, path=context.paths.vault)
        return replace(draft, strict=replace(box, key=vault.new_key()))

    return vault.rewrite(
        context.paths, opened.k_main, change, deadline=context.new_deadline(), clock=context.clock
    )


def _delete_old(context: Context, plan: RekeyPlan) -> tuple[str, ...]:
    """Delete old automatic backups and keyring items. Returns a description of each one that could not be deleted."""
    with Folder.open(context.paths.vault_folder) as folder:
        left = file.drop_all_before(folder)
    old = [r for r in (*plan.keyrings, *plan.dropped) if r.type == "keyring"]
    ring = KeyringSlot(seconds=limits.KEYRING_WRITE_TIMEOUT)
    left += [
        f"the keyring item of slot {r.name}"
        for r in old
        if not slots.forget_quietly(ring, r, vault_id=plan.opened.vault_id)
    ]
    return tuple(left)


def _forget_keyring_items(kept: list[Slot], records: list[SlotRecord], opened: Opened) -> None:
    for slot, record in zip(kept, records, strict=False):
        if isinstance(slot, KeyringSlot):
            slots.forget_quietly(slot, record, vault_id=opened.vault_id)
