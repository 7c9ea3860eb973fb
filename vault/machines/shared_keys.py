"""The bucket's file gets a new key together with this machine's vault: for `passwd`, `rekey` and `slots remove MACHINE`.

The bucket comes first, by one conditional PUT, and the vault is written after it. So a bucket that cannot be reached leaves both
as they are. If this machine stops in between, the bucket's file has the new passphrase and the vault the old one: the next sync
asks for the new one, as on every other machine. Prints nothing.
"""

from __future__ import annotations

from vault import errors, limits
from vault.errors import NotThisSlot
from vault.frozen import replace
from vault.machines import bucket_access, remotes, sync_vault
from vault.machines.new_passphrase import NewPassphrase
from vault.records import NamedTuple
from vault.remote import local_state, outcome, steps
from vault.remote.merging import SyncRequest
from vault.store import vault
from vault.store.kdf import preset
from vault.store.slots.passphrase import PassphraseSlot
from vault.text import safe
from vault.upkeep import create, rekey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.remote.summary import MachineInfo
    from vault.secret import Secret
    from vault.store.kdf import KdfParams
    from vault.store.opened import Opened
    from vault.sync.local import LocalSync
    from vault.upkeep.rekey import WriteWith
    from vault.upkeep.rekey_plan import RekeyPlan
    from vault.upkeep.rekey_strict import StrictRekeyPlan

_NOTHING_DONE = "no key and no passphrase was changed"
_HALF_DONE = "run: awsvault-py sync; if it asks, type the passphrase that you gave to this command"


class SharedVault(NamedTuple):
    """A vault after a sync, ready for new keys. ``passphrase`` opens it, if the user gave one. ``url``: of its remote, or None."""

    opened: Opened
    passphrase: Secret | None
    url: str | None


def prepare(context: Context, opened: Opened, passphrase: Secret | None = None) -> SharedVault:
    """Sync before anything is asked or changed, so that a bucket that cannot be reached ends the command here.

    A vault without a remote is returned as it is. Errors: those of a sync.
    """
    local = _shared(opened)
    if local is None:
        return SharedVault(opened, passphrase, None)
    asked = NewPassphrase(context, opened)
    try:
        _, url = sync_vault.sync_asking(context, opened, SyncRequest(), asked)
    except (errors.Unreachable, errors.Refused) as error:
        if not asked.is_kept():
            _tell(error, f"{_NOTHING_DONE}: {error.message}")
        raise
    slot = opened.slot
    if asked.replaced is not None and slot is not None and slot.sid == asked.replaced.old.sid:
        slot = asked.replaced.new
        passphrase = asked.typed if passphrase is not None else None
    now = vault.open_with_main_key(context.paths, opened.k_main)
    return SharedVault(replace(now, slot=slot), passphrase, url)


def carry_out(
    context: Context,
    plan: RekeyPlan,
    *,
    kdf: KdfParams | None = None,
    strict: StrictRekeyPlan | None = None,
    removes: tuple[str, ...] = (),
) -> rekey.Rekeyed:
    """Carry out the rekey, and give the bucket's file a new key and the plan's passphrase if the vault has a remote.

    ``kdf``: what the user wants a guess to cost; None keeps what it costs in the bucket's file. ``removes``: IDs of machines that are
    removed by the same PUT. Errors: those of ``rekey.carry_out`` and of a sync.
    """
    local = _shared(plan.opened)
    if local is None:
        return rekey.carry_out(context, plan, strict=strict)
    passphrase = plan.passphrase
    if passphrase is None:  # a recovery code opened the vault; the bucket's file needs a passphrase
        passphrase = create.ask_new_passphrase(context, what="the file in the bucket").secret
    known = next((slot.kdf for slot in local.remote.slots if slot.kdf is not None), None)
    turn = vault.kdf_turn(context.paths, context.new_deadline())
    slot = PassphraseSlot(passphrase, kdf=kdf or preset(known), turn=turn)
    return rekey.carry_out(
        context,
        plan,
        strict=strict,
        publish=lambda write: _publish(context, plan.opened, local, slot, removes=removes, write=write),
    )


def check_unused(context: Context, opened: Opened, new: create.ChosenPassphrase) -> None:
    """Usage if a machine that has synced with this one knows the passphrase: it opens this vault or the bucket's file already."""
    create.check_unused(context, new)
    local = local_state.require(opened.payload)
    turn = vault.kdf_turn(context.paths, context.new_deadline())
    for slot in local.remote.slots:
        try:
            PassphraseSlot(new.secret, turn=turn).unwrap(slot, vault_id=opened.vault_id)
        except NotThisSlot:
            continue
        raise errors.Usage(
            f"this passphrase already opens {safe(local.remote.place.url)}, and the machine knows it",
            hint="choose another one",
        )


def _publish(
    context: Context,
    opened: Opened,
    local: LocalSync,
    slot: PassphraseSlot,
    *,
    removes: tuple[str, ...],
    write: WriteWith,
) -> None:
    """Put the bucket's file with a new key, then ``write`` the vault with that key."""
    place = local.remote.place
    arrived = False

    def keep_key(change: steps.PayloadChange) -> Opened:
        nonlocal arrived
        arrived = True
        return write(change)

    try:
        credentials = bucket_access.credentials_for(context, place, opened)
        steps.sync(
            bucket_access.bucket(context, place, credentials),
            paths=context.paths,
            clock=context.clock,
            deadline=context.with_deadline(limits.REMOTE_MOST).deadline,
            open_vault=lambda: vault.open_with_main_key(context.paths, opened.k_main),
            ask=bucket_access.ask_for_key(context, place, tell=remotes.not_told),
            request=SyncRequest(removes=removes),
            new_slots=[slot],
            keep_key=keep_key,
        )
    except errors.Error as error:
        url = safe(place.url)
        if arrived and not isinstance(error, vault.KeysChanged) and _has_new_keys(context, opened):
            _tell(error, f"{url} and this machine have their new keys already: {error.message}")
        elif arrived:
            said = f"{url} has its new key already, and this machine still has the old one: {error.message}"
            _tell(error, said, hint=f"{error.hint}; then {_HALF_DONE}")
        elif isinstance(error, errors.Unreachable) and error.sent:
            said = (
                f"{url} may have its new key already, and this machine still has the old one: {error.message}"
            )
            _tell(error, said, hint=_HALF_DONE)
        else:
            _tell(error, f"{_NOTHING_DONE}: {error.message}")
        raise


def _has_new_keys(context: Context, opened: Opened) -> bool:
    """Whether the vault does not open with its old main key any more: it was written, and something after that failed."""
    try:
        vault.open_with_main_key(context.paths, opened.k_main)
    except vault.KeysChanged:
        return True
    except errors.Error:
        return False
    return False


def _tell(error: errors.Error, message: str, *, hint: str | None = None) -> None:
    error.message = message
    error.args = (message,)
    if hint is not None:
        error.hint = hint


def _shared(opened: Opened) -> LocalSync | None:
    local = local_state.find(opened.payload)
    return local if local is not None and local.remote.place.url else None


# ── which machine ────────────────────────────────────────────────────────────────────────────


def machines_called(opened: Opened, name: str) -> list[MachineInfo]:
    """The machine that shares the vault and has this ID, or those that have this name; those that were removed too.

    An ID comes first, so that each machine can be named, although another one may call itself by that ID.
    """
    local = _shared(opened)
    if local is None:
        return []
    machines = outcome.machines(local.state, local.me)
    return [one for one in machines if one.id == name] or [one for one in machines if one.name == name]
