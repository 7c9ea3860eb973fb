"""Strict seeds: stored in the strict box under their own passphrase or a security key, and opened for a while or one use.

The main box lists their serials, so that a locked seed can be told from one that was never stored. Prints nothing. Asks
for the passphrase if a code is needed, and when one of several seeds is removed. To change the key: rekey_strict.
"""

from __future__ import annotations

from vault import errors, limits
from vault.frozen import replace
from vault.records import NamedTuple
from vault.store import slot_text, strict_box, vault
from vault.store.entry_lookup import find_entry
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.context import Context
    from vault.secret import Secret
    from vault.store.format import SlotRecord, VaultFile
    from vault.store.vault import Draft, Opened, Payload, StoredSeed

_TRIES = 3


class StrictAccess(NamedTuple):
    """The passphrase of the strict seeds, the slot that it unlocks, and the strict key. None if a security key unlocked it."""

    passphrase: Secret | None
    slot: SlotRecord
    key: Secret


def stored_seed(context: Context, opened: Opened, serial: str, *, purpose: str) -> StoredSeed | None:
    """The seed of ``serial``. If it is strict, asks for the passphrase. StrictClosed."""
    found = opened.payload.seeds.get(serial)
    if found is not None or serial not in opened.payload.strict_serials:
        return found
    return strict_box.seed(opened, serial, key=ask(context, purpose=purpose))


def by_passphrase(context: Context, found: VaultFile, passphrase: Secret) -> StrictAccess:
    """What ``passphrase`` unlocks. WrongPassphrase."""
    from vault.store.slots.passphrase import PassphraseSlot

    slot = PassphraseSlot(passphrase, turn=vault.kdf_turn(context.paths, context.new_deadline()))
    try:
        record, key = vault.unwrap(found, slot, opens="strict")
    except errors.NotThisSlot:
        raise errors.WrongPassphrase(
            "wrong passphrase for the strict seeds",
            hint="try again; if you forgot it, create a new device: awsvault-py mfa enroll NAME",
        ) from None
    return StrictAccess(passphrase, record, key)


def unwrapped(context: Context, opened: VaultFile, passphrase: Secret) -> Secret:
    """The strict key. WrongPassphrase."""
    return by_passphrase(context, opened, passphrase).key


def ask(context: Context, *, purpose: str) -> Secret:
    """The strict key, by the passphrase that the user types. StrictClosed if the user cannot be asked."""
    return ask_for(context, purpose=purpose).key


def ask_for(context: Context, *, purpose: str) -> StrictAccess:
    """Like ``ask``, with the passphrase and its slot, which a change of the strict key needs."""
    found = ask_or_skip(context, purpose=purpose, skip="")
    if found is None:
        raise AssertionError("nothing was offered to skip")
    return found


def ask_or_skip(context: Context, *, purpose: str, skip: str) -> StrictAccess | None:
    """Like ``ask``; None if the user pressed Enter after ``skip`` explained what that does. WrongPassphrase, StrictClosed."""
    from vault.store import file
    from vault.system.prompts import NoAnswer

    with file.open_folder(context.paths) as folder:
        found = file.read(folder)
    if strict_box.has_security_key(found):
        return _by_security_key(context, found, purpose=purpose, may_skip=bool(skip))
    wait = limits.ATTENDED_PROMPT_TIME if context.attended else limits.PROMPT_TIME
    note = f"awsvault-py needs the passphrase of the strict seeds {safe(purpose)}." + (skip and f" {skip}")
    complaint = ""
    for _ in range(_TRIES):
        try:
            typed = context.interaction.hidden(
                "Passphrase of the strict seeds",
                deadline=context.new_deadline(wait),
                note=note,
                complaint=complaint,
            )
        except NoAnswer as reason:
            raise errors.StrictClosed(f"the strict seeds are locked, and {reason.message}") from None
        if skip and not len(typed):
            return None
        try:
            return by_passphrase(context, found, typed)
        except errors.WrongPassphrase as error:
            wrong, complaint = error, f"{error.message}; try again."
    raise wrong


def _by_security_key(
    context: Context, found: VaultFile, *, purpose: str, may_skip: bool
) -> StrictAccess | None:
    """By a touch; None if the user does without. StrictClosed."""
    from vault.system.prompts import NoAnswer
    from vault.unlocking import security_key

    by = context.new_deadline(limits.ATTENDED_PROMPT_TIME if context.attended else limits.PROMPT_TIME)
    if not context.interaction.possible():
        raise errors.StrictClosed(f"the strict seeds are locked, and {context.interaction.obstacle()}")
    try:
        try:
            slot = security_key.slot(context, purpose=safe(f"for the strict seeds {purpose}"), answer_by=by)
            record, key = vault.unwrap(found, slot, opens="strict")
        except errors.NotThisSlot as reason:
            why = f"the security key of the strict seeds does not unlock them: {reason}"
            if may_skip and context.interaction.confirm(f"{why}. Continue without it?", deadline=by):
                return None
            raise errors.StrictClosed(
                why, hint="plug in the security key, then run the command again"
            ) from None
    except NoAnswer as reason:
        raise errors.StrictClosed(f"the strict seeds are locked, and {reason.message}") from None
    return StrictAccess(None, record, key)


def prepare_edit(
    context: Context, opened: Opened, change: Callable[[Payload], Payload], *, purpose: str
) -> Callable[[], Opened]:
    """Like ``vault.edit``, for a change that may remove a strict seed. Returns the function that makes the change.

    If other strict seeds stay, their box has to be written without the one that is removed. The passphrase for that is
    asked for here, before anything is done. A user who has forgotten it presses Enter: the seed is then no longer
    listed, and leaves the box when the box is next written. StrictClosed if the user cannot be asked.
    """
    before = set(opened.payload.strict_serials)
    left = set(change(opened.payload).strict_serials) if before else before
    asked = bool(left) and not before <= left
    known = _ask_to_write(context, purpose) if asked else None

    def rewriting(draft: Draft, found: VaultFile) -> Draft:
        after = replace(draft, payload=change(draft.payload))
        left = after.payload.strict_serials
        if not left or set(draft.payload.strict_serials) <= set(left):
            return after
        if not asked:
            raise errors.StorageError(
                "another process stored a strict seed; nothing was written",
                hint="run the command again",
            )
        if known is None:
            return after
        remaining = {
            serial: one
            for serial, one in strict_box.seeds(found, draft.payload, known.key).items()
            if serial in left
        }
        return replace(after, strict=vault.Strict(key=known.key, seeds=remaining))

    return lambda: vault.rewrite(
        context.paths,
        opened.k_main,
        rewriting,
        clock=context.clock,
        deadline=context.new_deadline(),
        known=opened,
    )


def _ask_to_write(context: Context, purpose: str) -> StrictAccess | None:
    try:
        return ask_or_skip(
            context,
            purpose=purpose,
            skip="Forgot the passphrase? Press Enter. The seed is then no longer used, but it stays in the encrypted vault file "
            "until the strict seeds are next written (mfa add --strict, passwd --strict) or the last one is removed.",
        )
    except errors.StrictClosed as error:
        raise errors.StrictClosed(
            f"{error.message}; the other strict seeds cannot be written without their passphrase",
            hint="run the command at a terminal; if you forgot the passphrase, press Enter there",
        ) from None


def store(
    context: Context,
    opened: Opened,
    name: str,
    serial: str,
    made: StoredSeed,
    *,
    passphrase: Callable[[], Secret],
    with_security_key: bool = False,
) -> Opened:
    """Store ``made`` as the strict seed of the entry's device ``serial``, and nowhere else.

    ``passphrase`` is called to ask for the passphrase of the strict seeds, or for a new one if there is none.
    ``with_security_key``: the security key that is plugged in takes its place, if there is none.
    WrongPassphrase, NotFound, ConfigError.
    """
    first = not strict_box.has_passphrase(opened)
    if first:
        slot_text.check_room(opened.header.slots)
    if first:
        key = vault.new_key()
        record = _new_slot(context, opened, key, passphrase=None if with_security_key else passphrase())
    elif strict_box.has_security_key(opened.file):
        key = ask(context, purpose="to store another one")
    else:
        key = unwrapped(context, opened.file, passphrase())

    def change(draft: Draft, found: VaultFile) -> Draft:
        if first == bool(draft.payload.strict_serials):
            raise errors.AlreadyExists(
                "another process set the passphrase of the strict seeds", hint="run the command again"
            )
        before = {} if first else strict_box.seeds(found, draft.payload, key)
        slots = draft.slots
        if first:
            slots = (*(slot for slot in slots if slot.opens == "main"), record)
        payload = draft.payload.with_strict_seed(serial)
        payload = payload.with_entry(name, replace(find_entry(payload, name), mfa_serial=serial))
        strict = vault.Strict(key=key, seeds={**before, serial: made})
        return replace(draft, payload=payload, slots=slots, strict=strict)

    return vault.rewrite(
        context.paths, opened.k_main, change, clock=context.clock, deadline=context.new_deadline()
    )


def check_security_key(context: Context) -> None:
    """Raise ConfigError if the security key that is plugged in cannot open strict seeds. Nothing is asked yet."""
    from vault.store.slots.hardware import HardwareUnavailable
    from vault.unlocking import security_key

    header = vault.read_header(context.paths)
    slots = [slot for slot in header.slots if slot.opens == "strict" and slot.ext is not None]
    key = security_key.slot(context, purpose="for the strict seeds", with_pin=None)
    try:
        if not slots:
            slot_text.check_room(header.slots)
            key.check()
        elif not any(key.is_here(slot) for slot in slots):
            raise key.gone()
    except HardwareUnavailable as reason:
        raise errors.ConfigError(
            f"the security key cannot be used: {reason}", hint=reason.hint or None
        ) from None


def _new_slot(context: Context, opened: Opened, key: Secret, *, passphrase: Secret | None) -> SlotRecord:
    """The slot of a new strict key, for a passphrase or for the security key that is plugged in. ConfigError."""
    if passphrase is not None:
        from vault.store.slots.passphrase import PassphraseSlot

        slot = PassphraseSlot(passphrase, turn=vault.kdf_turn(context.paths, context.new_deadline()))
        return slot.wrap(key, vault_id=opened.vault_id, opens="strict")
    from vault.store.slots.hardware import HardwareUnavailable
    from vault.unlocking import security_key

    try:
        return security_key.slot(context, purpose="for the strict seeds", with_pin=None).wrap(
            key, vault_id=opened.vault_id, opens="strict"
        )
    except HardwareUnavailable as reason:
        raise errors.ConfigError(
            f"the security key cannot be used: {reason}", hint=reason.hint or None
        ) from None


def wrap_again(context: Context, opened: Opened, known: StrictAccess, key: Secret) -> SlotRecord:
    """A slot for another strict key, by the security key that unlocked the present one. ConfigError."""
    from vault.store.slots.hardware import HardwareUnavailable
    from vault.unlocking import security_key

    try:
        slot = security_key.slot(context, purpose="for the strict seeds").like(known.slot)
        return slot.wrap(key, vault_id=opened.vault_id, opens="strict")
    except HardwareUnavailable as reason:
        raise errors.ConfigError(
            f"the security key cannot be used: {reason}", hint=reason.hint or None
        ) from None
