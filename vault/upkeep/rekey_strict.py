"""Replaces the strict key, for `passwd --strict`, and for `rekey` if the strict passphrase is given. Prints nothing.

Anyone with an old copy of the vault and the old passphrase can get the old key. It opens nothing that is stored later.
"""

from __future__ import annotations

from vault import errors
from vault.frozen import replace
from vault.records import NamedTuple
from vault.store import file, strict_box, vault
from vault.store.kdf import preset
from vault.store.slots.passphrase import PassphraseSlot
from vault.system.files import Folder
from vault.unlocking import key_handover, strict_seeds
from vault.upkeep import slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.secret import Secret
    from vault.store.boxes import Draft
    from vault.store.format import SlotRecord, VaultFile
    from vault.store.kdf import KdfParams
    from vault.store.vault import Opened


class StrictRekeyPlan(NamedTuple):
    """A new strict key, wrapped but not written yet. ``lost`` are slots of the strict box whose secrets are not available."""

    old: Secret
    new: Secret
    record: SlotRecord
    lost: tuple[SlotRecord, ...]

    def question(self) -> str | None:
        """The question to confirm before the rekey if it removes slots that the user did not name; otherwise None."""
        return slots.loss_question(self.lost, what="These slots of the strict seeds")


class StrictRekeyed(NamedTuple):
    """The vault with a new strict key, and the old files that could not be deleted."""

    opened: Opened
    left: tuple[str, ...]


def require(opened: Opened) -> None:
    """Raise NotFound if there are no strict seeds."""
    if not strict_box.has_passphrase(opened):
        raise errors.NotFound(
            "the vault has no strict seed, and so no strict passphrase to change",
            hint="to store a strict seed, run: awsvault-py mfa add NAME --strict",
        )


def make_plan(
    context: Context, opened: Opened, old: Secret, new: Secret, *, kdf: KdfParams | None = None
) -> StrictRekeyPlan:
    """Plan a new strict key. ``old`` is the current strict passphrase, ``new`` the next. Raises NotFound, WrongPassphrase."""
    require(opened)
    known = strict_seeds.by_passphrase(context, opened.file, old)
    return plan_for_known(context, opened, known, new, kdf=kdf)


def plan_for_known(
    context: Context,
    opened: Opened,
    known: strict_seeds.StrictAccess,
    new: Secret | None,
    *,
    kdf: KdfParams | None = None,
) -> StrictRekeyPlan:
    """Like ``make_plan``, for strict seeds that are already unlocked. ``new`` is None to keep their security key, which asks
    for a touch. ConfigError if it cannot be used.
    """
    key = vault.new_key()
    lost = tuple(r for r in opened.header.slots if r.opens == "strict" and r.sid != known.slot.sid)
    if new is None:
        record = strict_seeds.wrap_again(context, opened, known, key)
    else:
        turn = vault.kdf_turn(context.paths, context.new_deadline())
        slot = PassphraseSlot(new, kdf=kdf or preset(known.slot.kdf), turn=turn)
        record = slot.wrap(key, vault_id=opened.vault_id, opens="strict")
    return StrictRekeyPlan(known.key, key, record, lost)


def apply(draft: Draft, found: VaultFile, plan: StrictRekeyPlan) -> Draft:
    """``draft`` with its strict seeds sealed with the new key. Raises StorageError if another process changed the strict key."""
    kept = (*(slot for slot in draft.slots if slot.opens == "main"), plan.record)
    seeds = strict_box.seeds(found, draft.payload, plan.old)
    return replace(draft, slots=kept, strict=vault.Strict(key=plan.new, seeds=seeds), new_keys=True)


def carry_out(context: Context, opened: Opened, plan: StrictRekeyPlan) -> StrictRekeyed:
    """Write the vault with the new key, and delete the earlier automatic backups. Raises StorageError, Busy, KeysChanged."""
    after = vault.rewrite(
        context.paths,
        opened.k_main,
        lambda draft, found: apply(draft, found, plan),
        deadline=context.new_deadline(),
        clock=context.clock,
    )
    with Folder.open(context.paths.vault_folder) as folder:
        left = file.drop_all_before(folder)
    close_in_agent(context, opened)
    return StrictRekeyed(after, tuple(left))


def close_in_agent(context: Context, opened: Opened) -> None:
    """Make an agent that keeps the strict seeds unlocked, with the old key, lock them."""
    key_handover.close_strict(context, vault_id=opened.vault_id)
