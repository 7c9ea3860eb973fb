"""Plans a rekey: decides what happens to each slot of the main box, before anything is changed. Prints nothing."""

from __future__ import annotations

from dataclasses import dataclass

from vault import errors
from vault.store import slot_text, vault
from vault.store.kdf import KdfParams, preset
from vault.system import hardening
from vault.text import command
from vault.unlocking import hardware
from vault.unlocking.seen_generations import check, last_seen
from vault.upkeep import recovery_code, slots
from vault.upkeep.secret_prompt import open_with_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.secret import Secret
    from vault.store.format import SlotRecord
    from vault.store.slots.hardware import HardwareSlot
    from vault.store.vault import Opened


@dataclass(frozen=True, slots=True, kw_only=True)
class RekeyPlan:
    """What happens to the slots of the main box. ``dropped`` and ``lost`` are removed; the others wrap the new key.

    ``hardware`` has each such slot that a device of this machine wraps again. The user asked to remove ``dropped``. ``lost``
    cannot wrap the new key, because their secrets are not available.
    """

    opened: Opened
    passphrase: Secret | None
    kdf: KdfParams
    keyrings: tuple[SlotRecord, ...]
    hardware: dict[SlotRecord, HardwareSlot]
    codes: tuple[SlotRecord, ...]
    dropped: tuple[SlotRecord, ...]
    lost: tuple[SlotRecord, ...]

    def question(self) -> str | None:
        """The question to confirm before the rekey if it removes slots that the user did not name; otherwise None."""
        return slots.loss_question(self.lost, what="These slots")


def open_by_secret(context: Context, *, purpose: str) -> tuple[Opened, Secret | None]:
    """Open the vault with the user's secret. Returns the vault and the passphrase, or None if a recovery code opened it.

    Raises WrongPassphrase, Locked if there is no passphrase and no prompt, and the errors of opening the vault.
    """
    hardening.before_keys()
    seen = last_seen(context)
    vault.read_header(context.paths)  # NoVault, before any prompt

    def open_with(secret: Secret) -> tuple[Opened, Secret | None]:
        opened = vault.open_with_passphrase(context.paths, secret, deadline=context.new_deadline())
        return opened, secret if opened.slot is not None and opened.slot.type == "pass" else None

    note = f"awsvault-py needs the vault's passphrase {purpose}."
    opened, passphrase = open_with_secret(context, open_with, note=note)
    check(seen, opened, path=context.paths.vault)
    return opened, passphrase


def make_plan(
    context: Context,
    opened: Opened,
    *,
    passphrase: Secret | None,
    new_passphrase: Secret | None = None,
    kdf: KdfParams | None = None,
    without: SlotRecord | None = None,
) -> RekeyPlan:
    """Plan what a rekey does to each slot. ``passphrase`` opened the vault, ``new_passphrase`` replaces a passphrase, and
    ``without`` is the slot to remove.

    Raises Usage if the user would have no secret left, or if ``without`` is the slot of existing strict seeds.
    """
    dropped = () if without is None else _dropped(opened, without)
    records = [r for r in opened.header.slots if r.opens == "main" and r != without]
    kept_pass = _passphrase_record(opened, records, passphrase=passphrase, new=new_passphrase)
    local = slots.local_keyring_slots(opened) if context.settings.keyring != "off" else []
    keyrings = tuple(r for r in records if r in local)
    here = hardware.made_here(context, opened)
    codes = tuple(r for r in records if r.type == "recovery") if recovery_code.can_be_issued(context) else ()
    kept = {r.sid for r in (*keyrings, *here, *codes)} | ({kept_pass.sid} if kept_pass is not None else set())
    secret = new_passphrase if new_passphrase is not None else passphrase
    if new_passphrase is None and kept_pass is None:
        secret = None
    if secret is None and not codes:
        raise errors.Usage(
            "no passphrase or recovery code would be left; a keyring or TPM alone is lost with its machine, and a security key "
            "can be lost by itself",
            hint="to set a new passphrase, run: awsvault-py passwd",
        )
    return RekeyPlan(
        opened=opened,
        passphrase=secret,
        kdf=kdf or preset(kept_pass.kdf if kept_pass is not None else None),
        keyrings=keyrings,
        hardware={record: slot for record, slot in here.items() if record != without},
        codes=codes,
        dropped=dropped,
        lost=tuple(r for r in records if r.sid not in kept),
    )


def _dropped(opened: Opened, without: SlotRecord) -> tuple[SlotRecord, ...]:
    """``without``, and any other slots to remove with it: an older version may have left slots of an empty strict box."""
    serials = opened.payload.strict_serials
    if without.opens == "main":
        return (without,)
    if not serials:
        return tuple(r for r in opened.header.slots if r.opens == "strict")
    raise errors.Usage(
        f"only the {slot_text.describe(without)} opens the strict seeds",
        hint="to change its passphrase, run: awsvault-py passwd --strict; to remove the slot, remove the strict seeds: "
        + ", ".join(command("mfa remove", serial) for serial in serials),
    )


def _passphrase_record(
    opened: Opened, records: list[SlotRecord], *, passphrase: Secret | None, new: Secret | None
) -> SlotRecord | None:
    """The slot whose passphrase is kept or replaced with the new one."""
    passes = [r for r in records if r.type == "pass"]
    given = passphrase is not None or new is not None
    if given and opened.slot is not None and opened.slot.sid in {r.sid for r in passes}:
        return opened.slot
    if new is not None and passes:
        return passes[0]
    return None
