"""Lists the key slots, with the last use of each on this machine, and adds slots. Prints nothing.

To remove a slot, the vault is rekeyed (vault/upkeep/rekey.py).
"""

from __future__ import annotations

from vault import errors, limits
from vault.errors import NotThisSlot
from vault.frozen import replace
from vault.records import NamedTuple
from vault.store import last_use, slot_text, vault
from vault.store.kdf import DEFAULT, KdfParams
from vault.store.slots.hardware import REPLACE, HardwareUnavailable
from vault.store.slots.keyring import KeyringSlot
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot
from vault.system.tty import NoAnswer
from vault.unlocking import hardware, security_key
from vault.upkeep import recovery_code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context
    from vault.secret import Secret
    from vault.store.boxes import Draft
    from vault.store.format import Header, SlotRecord, VaultFile
    from vault.store.slots import Slot
    from vault.store.vault import Opened
    from vault.upkeep.create import ChosenPassphrase


class SlotInfo(NamedTuple):
    """A slot to show. ``about`` distinguishes it from others of its kind.

    ``used`` is its last use on this machine in Unix seconds, or None.
    """

    name: str
    kind: str
    opens: str
    about: str
    used: int | None
    host: str | None
    device: str | None


def list_slots(context: Context) -> list[SlotInfo]:
    """The slots in the header. They are read without a key, so they are not authenticated."""
    header = vault.read_header(context.paths)
    used = last_use.read(context.paths, header.vault_id)
    return [info(slot, used=used.get(slot.name)) for slot in header.slots]


def info(slot: SlotRecord, *, used: int | None = None) -> SlotInfo:
    """The slot as it is shown."""
    return SlotInfo(
        name=slot.name,
        kind=slot_text.kind(slot),
        opens=slot.opens,
        about=slot_text.about(slot),
        used=used,
        host=slot_text.host(slot),
        device=slot_text.device(slot),
    )


def loss_question(lost: Sequence[SlotRecord], *, what: str) -> str | None:
    """The question to confirm before a rekey that removes the slots ``lost``; None if there are none."""
    if not lost:
        return None
    names = ", ".join(map(slot_text.describe, lost))
    keys = any(slot_text.is_security_key(slot) for slot in lost)
    keep = " To keep that of a security key, answer n, plug it in, and run the command again." if keys else ""
    return f"{what} cannot be kept, because their secrets are not available: {names}.{keep} Continue without them?"


def find_slot(opened: Opened, name: str) -> SlotRecord:
    """The slot with this name, or the only slot whose name starts with it. Raises NotFound."""
    matches = [slot for slot in opened.header.slots if name and slot.name.startswith(name)]
    exact = [slot for slot in matches if slot.name == name]
    if len(exact or matches) == 1:
        return (exact or matches)[0]
    raise errors.NotFound(
        f'{"several slot names start" if matches else "no slot name starts"} with "{name}"',
        hint="run: awsvault-py slots list",
    )


def add_keyring(context: Context, opened: Opened) -> Opened:
    """Add a slot for this machine's keyring. Raises AlreadyExists, or ConfigError if no keyring can be used."""
    slot_text.check_room(opened.header.slots)
    if context.settings.keyring == "off":
        raise errors.ConfigError(
            "the keyring is turned off in config.toml or AWSVAULT_KEYRING",
            hint="set it to auto, or remove the setting",
        )
    if local_keyring_slots(opened):
        raise errors.AlreadyExists(
            "this machine's keyring already unlocks the vault",
            hint="to see what unlocks the vault: awsvault-py slots list",
        )
    slot = KeyringSlot(seconds=limits.KEYRING_WRITE_TIMEOUT, gen=opened.header.gen + 1)
    return append(context, opened, slot)


def try_keyring(context: Context, opened: Opened) -> tuple[Opened, str | None]:
    """Like ``add_keyring``, for a new vault. If no keyring can be used, returns the unchanged vault and the reason."""
    if context.settings.keyring == "off":
        return opened, "turned off"
    slot = KeyringSlot(seconds=limits.KEYRING_WRITE_TIMEOUT, gen=opened.header.gen + 1)
    try:
        record = slot.wrap(opened.k_main, vault_id=opened.vault_id)
    except NotThisSlot as reason:
        return opened, str(reason)
    return _written(context, opened, slot, record), None


def add_recovery(context: Context, opened: Opened) -> Opened:
    """Issue a recovery code and add its slot. Raises Declined, or Locked if there is no terminal to show the code on."""
    slot_text.check_room(opened.header.slots)
    if not recovery_code.can_be_issued(context):
        raise errors.Locked(
            "a recovery code can be shown only on a terminal",
            hint="run the command at a terminal",
        )
    return append(context, opened, RecoverySlot(recovery_code.issue(context)))


def add_tpm(context: Context, opened: Opened, *, pcrs: Sequence[int] = ()) -> Opened:
    """Let this machine's TPM unlock the vault. Raises ConfigError if it cannot be used."""
    return append(context, opened, hardware.device(context, "tpm", pcrs=pcrs))


def check_tpm(context: Context, header: Header, *, pcrs: Sequence[int] = ()) -> None:
    """Raise an error if ``add_tpm`` would: AlreadyExists if this TPM has a slot, ConfigError if it cannot be used or there is
    no room. Nothing is changed yet.
    """
    slot_text.check_room(header.slots)
    tpm = hardware.device(context, "tpm")
    try:
        tpm.check()
        found = [record for record in header.slots if tpm.handles(record) and tpm.is_here(record)]
    except HardwareUnavailable as reason:
        raise unusable(tpm, reason) from None
    if found:
        options = f"--pcrs {'+'.join(map(str, pcrs))}" if pcrs else ""
        raise errors.AlreadyExists(
            f"this machine's TPM already unlocks the vault: {slot_text.describe(found[0])}",
            hint=slot_text.filled(REPLACE.format("tpm"), found[0], options=options),
        )


def add_security_key(context: Context, opened: Opened, *, with_pin: bool = True) -> Opened:
    """Let the security key that is plugged in unlock the vault. ConfigError if it cannot be used, and the user's NoAnswer."""
    taken = [slot for slot in opened.header.slots if slot.opens == "main"]
    return append(
        context, opened, security_key.slot(context, purpose="to add it", with_pin=with_pin, taken=taken)
    )


def check_security_key(context: Context, header: Header, *, with_pin: bool = True) -> None:
    """Raise an error if ``add_security_key`` would, before the user is asked anything."""
    slot_text.check_room(header.slots)
    taken = [slot for slot in header.slots if slot.opens == "main"]
    key = security_key.slot(context, purpose="to add it", with_pin=with_pin, taken=taken)
    try:
        key.check()
    except HardwareUnavailable as reason:
        raise unusable(key, reason) from None
    if not context.interaction.possible():
        raise errors.Locked(
            f"a security key can be added only where you can be asked for its PIN and a touch: {context.interaction.obstacle()}",
            hint="run the command at a terminal",
        )


def add_passphrase(
    context: Context, opened: Opened, chosen: ChosenPassphrase, *, kdf: KdfParams = DEFAULT
) -> Opened:
    """Add a second passphrase. Raises Usage if the vault has no room for it."""
    check_passphrase_room(opened)
    turn = vault.kdf_turn(context.paths, context.new_deadline())
    return append(context, opened, PassphraseSlot(chosen.secret, kdf=kdf, turn=turn))


def check_passphrase_room(opened: Opened) -> None:
    """Raise Usage if the vault already has as many passphrases as an unlock tries, or no free slot."""
    slot_text.check_room(opened.header.slots)
    have = sum(slot.type == "pass" and slot.opens == "main" for slot in opened.header.slots)
    if have >= limits.MAX_PASSPHRASE_SLOTS_TRIED:
        raise errors.Usage(
            f"the vault already has {have} passphrases, the maximum",
            hint="to change one, run: awsvault-py passwd",
        )


def no_keyring(reason: str) -> errors.ConfigError:
    """The error for a keyring that is needed and cannot be used."""
    return errors.ConfigError(
        f"the OS keyring cannot be used: {reason}",
        hint="start or unlock a keyring (gnome-keyring, KWallet), then run the command again",
    )


def local_keyring_slots(opened: Opened) -> list[SlotRecord]:
    """The keyring slots that this machine's keyring opens now. Uses the long timeout, because the user is waiting for it."""
    slot = KeyringSlot(seconds=limits.KEYRING_WRITE_TIMEOUT)
    found = []
    for record in opened.header.slots:
        if record.type == "keyring":
            try:
                slot.unwrap(record, vault_id=opened.vault_id)
            except NotThisSlot:
                continue
            found.append(record)
    return found


def append(context: Context, opened: Opened, slot: Slot) -> Opened:
    """Write the vault with ``slot`` added at the end, and return it. ConfigError if its keyring or device fails."""
    slot_text.check_room(opened.header.slots)
    return _written(context, opened, slot, wrapped(slot, opened.k_main, opened))


def wrapped(slot: Slot, key: Secret, opened: Opened) -> SlotRecord:
    """A new record of ``slot`` for ``key``. ConfigError if its keyring or device fails, and the user's NoAnswer; Locked if the
    user cannot be asked.
    """
    try:
        return slot.wrap(key, vault_id=opened.vault_id)
    except NoAnswer as answer:
        if answer.reason != "impossible":
            raise
        raise errors.Locked(
            f"the PIN of the security key is needed to keep its slot, and {answer.message}",
            hint="run the command at a terminal, or unplug the security key, and its slot is removed",
        ) from None
    except HardwareUnavailable as reason:
        raise unusable(slot, reason) from None
    except NotThisSlot as reason:
        raise no_keyring(str(reason)) from None


def unusable(slot: Slot, reason: HardwareUnavailable) -> errors.ConfigError:
    """The error for a device that is needed and cannot be used."""
    name = slot_text.hardware_name(slot.kind)
    return errors.ConfigError(f"the {name} cannot be used: {reason}", hint=reason.hint or None)


def _written(context: Context, opened: Opened, slot: Slot, record: SlotRecord) -> Opened:
    def change(draft: Draft, _: VaultFile) -> Draft:
        return replace(draft, slots=(*draft.slots, record))

    try:
        return vault.rewrite(
            context.paths, opened.k_main, change, deadline=context.new_deadline(), clock=context.clock
        )
    except BaseException:
        if isinstance(slot, KeyringSlot):
            forget_quietly(slot, record, vault_id=opened.vault_id)
        raise


def forget_quietly(slot: KeyringSlot, record: SlotRecord, *, vault_id: bytes) -> bool:
    """Delete a keyring item that no slot needs. Returns False if the keyring refuses."""
    try:
        slot.forget(record, vault_id=vault_id)
    except NotThisSlot:
        return False
    return True
