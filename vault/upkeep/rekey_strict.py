"""A new key for the strict seeds: `passwd --strict`, and `rekey` where their passphrase is at hand. Prints nothing.

Whoever has an old copy of the vault and the old passphrase has the old key; it opens nothing that is stored from then on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from vault import errors
from vault.store import file, strict_box, vault
from vault.store.kdf import ours
from vault.store.slots.passphrase import PassphraseSlot
from vault.system.files import Folder
from vault.unlocking import key_handover, strict_seeds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.secret import Secret
    from vault.store.boxes import Draft
    from vault.store.format import SlotRecord, VaultFile
    from vault.store.kdf import KdfParams
    from vault.store.vault import Opened


class Fresh(NamedTuple):
    """A new key, wrapped and not yet written. ``lost`` are slots of the strict seeds whose secret is not at hand."""

    old: Secret
    new: Secret
    record: SlotRecord
    lost: tuple[SlotRecord, ...]


class StrictRekeyed(NamedTuple):
    """The vault with a new key for its strict seeds, and the old files that would not go."""

    opened: Opened
    left: tuple[str, ...]


def require(opened: Opened) -> None:
    """NotFound where there are no strict seeds."""
    if not strict_box.has_passphrase(opened):
        raise errors.NotFound(
            "the vault has no strict seed, so there is no passphrase of its own to change",
            hint="to store one: awsvault-py mfa add NAME --strict",
        )


def prepare(
    context: Context, opened: Opened, old: Secret, new: Secret, *, kdf: KdfParams | None = None
) -> Fresh:
    """A new key under the passphrase ``new``; ``old`` is the one that they have. NotFound, WrongPassphrase."""
    require(opened)
    return wrapped(context, opened, strict_seeds.by_passphrase(context, opened.file, old), new, kdf=kdf)


def wrapped(
    context: Context, opened: Opened, known: strict_seeds.Known, new: Secret, *, kdf: KdfParams | None = None
) -> Fresh:
    """As ``prepare``, for strict seeds that somebody has opened."""
    key = vault.new_key()
    slot = PassphraseSlot(
        new, kdf=kdf or ours(known.slot.kdf), turn=vault.kdf_turn(context.paths, context.new_deadline())
    )
    lost = tuple(r for r in opened.header.slots if r.opens == "strict" and r.sid != known.slot.sid)
    record = slot.wrap(key, vault_id=opened.vault_id, opens="strict")
    return Fresh(known.key, key, record, lost)


def applied(draft: Draft, found: VaultFile, fresh: Fresh) -> Draft:
    """``draft`` with its strict seeds under the new key. StorageError where their key is no longer the old one."""
    slots = (*(slot for slot in draft.slots if slot.opens == "main"), fresh.record)
    seeds = strict_box.seeds(found, draft.payload, fresh.old)
    return replace(draft, slots=slots, strict=vault.Strict(key=fresh.new, seeds=seeds), new_keys=True)


def change(context: Context, opened: Opened, fresh: Fresh) -> StrictRekeyed:
    """Write the vault with the new key; no automatic backup of before is left. StorageError, Busy, KeysChanged."""
    after = vault.rewrite(
        context.paths,
        opened.k_main,
        lambda draft, found: applied(draft, found, fresh),
        deadline=context.new_deadline(),
        clock=context.clock,
    )
    with Folder.open(context.paths.vault_folder) as folder:
        left = file.drop_all_before(folder)
    tell_agent(context, opened)
    return StrictRekeyed(after, tuple(left))


def tell_agent(context: Context, opened: Opened) -> None:
    """An agent that holds the strict seeds open has a key of before: it closes them."""
    key_handover.close_strict(context, vault_id=opened.vault_id)


def question(fresh: Fresh) -> str | None:
    """What to ask before ``change``, where a way in is lost that nobody named."""
    from vault.upkeep.slots import named

    if not fresh.lost:
        return None
    names = ", ".join(named(record) for record in fresh.lost)
    return f"These open the strict seeds too and cannot be kept, since their secret is not at hand: {names}. Go on?"
