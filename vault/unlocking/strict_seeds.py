"""Strict seeds: kept in the strict box, under a passphrase of their own, and opened for five minutes or one use.

Which serials they are is noted in box main, so that a closed seed is known from one that was never stored. Prints
nothing; asks for the passphrase where a code is needed, and where one of several seeds goes. Another key: strictkey.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from vault import errors, limits
from vault.store import vault
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.context import Context
    from vault.secret import Secret
    from vault.store.format import SlotRecord, VaultFile
    from vault.store.vault import Draft, Opened, Payload, StoredSeed
    from vault.unlocking.keys import Keys

_TRIES = 3


class Known(NamedTuple):
    """The strict seeds' passphrase, the slot that it opens, and the key that lies in it."""

    passphrase: Secret
    slot: SlotRecord
    key: Secret


def seed(opened: Opened, serial: str, *, key: Secret | None) -> StoredSeed | None:
    """The strict seed of ``serial``; None where there is none, StrictClosed where ``key`` is None or an older one."""
    if serial not in opened.payload.strict_serials:
        return None
    if key is None:
        raise errors.StrictClosed(f"the seed of {safe(serial)} has a passphrase of its own, and is closed")
    from vault.store import boxes

    try:
        return boxes.open_strict(opened.file, opened.payload, key, path="the vault").seeds.get(serial)
    except errors.Damaged:  # the box was written under another key since
        raise errors.StrictClosed(f"the seed of {safe(serial)} was closed again") from None


def held(found: VaultFile, payload: Payload, key: Secret) -> dict[str, StoredSeed]:
    """The seeds of the strict box, without those that were taken off the list while it was shut. StorageError."""
    from vault.store import boxes

    try:
        seeds = boxes.open_strict(found, payload, key, path="the vault").seeds
    except errors.Damaged:
        raise errors.StorageError(
            "another process changed the passphrase of the strict seeds meanwhile; nothing was written",
            hint="run the command again, with the passphrase that they have now",
        ) from None
    return {serial: kept for serial, kept in seeds.items() if serial in payload.strict_serials}


def stored_seed(context: Context, opened: Opened, serial: str, *, purpose: str) -> StoredSeed | None:
    """The seed of ``serial``, from the strict box too, whose passphrase is then asked for. StrictClosed."""
    found = opened.payload.seeds.get(serial)
    if found is not None or serial not in opened.payload.strict_serials:
        return found
    return seed(opened, serial, key=ask(context, purpose=purpose))


def by_passphrase(context: Context, found: VaultFile, passphrase: Secret) -> Known:
    """What ``passphrase`` opens of the strict seeds. WrongPassphrase."""
    from vault.store.slots.passphrase import PassphraseSlot

    slot = PassphraseSlot(passphrase, turn=vault.kdf_turn(context.paths, context.new_deadline()))
    try:
        record, key = vault.unwrap(found, slot, opens="strict")
    except errors.NotThisSlot:
        raise errors.WrongPassphrase("the passphrase does not open the strict seeds") from None
    return Known(passphrase, record, key)


def unwrapped(context: Context, opened: VaultFile, passphrase: Secret) -> Secret:
    """The key of the strict box. WrongPassphrase."""
    return by_passphrase(context, opened, passphrase).key


def ask(context: Context, *, purpose: str) -> Secret:
    """The key of the strict box, by its passphrase as a person types it. StrictClosed where nobody can be asked."""
    return ask_for(context, purpose=purpose).key


def ask_for(context: Context, *, purpose: str) -> Known:
    """As ``ask``, with the passphrase and its slot, for what gives the box another key."""
    found = ask_or_skip(context, purpose=purpose, skip="")
    if found is None:
        raise AssertionError("nothing was offered to skip")
    return found


def ask_or_skip(context: Context, *, purpose: str, skip: str) -> Known | None:
    """As ``ask``; None where the person pressed Enter, after ``skip`` said what that does. WrongPassphrase, StrictClosed."""
    from vault.store import file
    from vault.system.prompts import NoAnswer

    with file.open_folder(context.paths) as folder:
        found = file.read(folder)
    wait = limits.ATTENDED_PROMPT_TIME if context.attended else limits.PROMPT_TIME
    note = f"awsvault-py asks for the strict seeds' own passphrase {safe(purpose)}." + (skip and f" {skip}")
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
            raise errors.StrictClosed(f"the strict seeds are closed, and {reason.message}") from None
        if skip and not len(typed):
            return None
        try:
            return by_passphrase(context, found, typed)
        except errors.WrongPassphrase as error:
            wrong, complaint = error, f"{error.message}; try again."
    raise wrong


def prepared(
    context: Context, opened: Opened, change: Callable[[Payload], Payload], *, purpose: str
) -> Callable[[], Opened]:
    """As ``vault.edit``, for a change that may take a strict seed away; what is returned does it.

    Where other strict seeds stay, their box has to be written without the one that goes, and their passphrase is asked
    for here, before anything is done. A person who has forgotten it presses Enter: the seed is off the list then, and
    leaves the box when that is written next. StrictClosed where nobody can be asked.
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
                "another process stored a strict seed meanwhile; nothing was written",
                hint="run the command again",
            )
        if known is None:
            return after
        kept = {
            serial: one for serial, one in held(found, draft.payload, known.key).items() if serial in left
        }
        return replace(after, strict=vault.Strict(key=known.key, seeds=kept))

    return lambda: vault.rewrite(
        context.paths, opened.k_main, rewriting, clock=context.clock, deadline=context.new_deadline()
    )


def _ask_to_write(context: Context, purpose: str) -> Known | None:
    try:
        return ask_or_skip(
            context,
            purpose=purpose,
            skip="Forgotten? Press Enter: the seed is no longer used, but stays in the sealed file until the box of the strict "
            "seeds is written next (mfa add --strict, passwd --strict), or the last of them is removed.",
        )
    except errors.StrictClosed as error:
        raise errors.StrictClosed(
            f"{error.message}; the box of the other strict seeds cannot be written without their passphrase",
            hint="run it at a terminal; where the passphrase is forgotten, press Enter there",
        ) from None


def open_for(context: Context, keys: Keys, *, purpose: str) -> None:
    """Open the strict seeds for ``keys``: for this process's one use, or in the agent for five minutes."""
    from vault.unlocking.agent_link import AgentKeys
    from vault.unlocking.keys import OpenedKeys
    from vault.unlocking.resilient_keys import ResilientKeys

    key = ask(context, purpose=purpose)
    if isinstance(keys, ResilientKeys):
        keys = keys.held
    if isinstance(keys, OpenedKeys):
        keys.strict = key
        return
    if not hand_over(context, key, vault_id=keys.vault_id):
        raise errors.StrictClosed("the agent did not take the key of the strict seeds")
    if isinstance(keys, AgentKeys):
        keys.close()
        keys.restart()


def hand_over(
    context: Context,
    key: Secret,
    *,
    vault_id: bytes,
    seconds: int = limits.STRICT_TIME,
    only_open: bool = False,
) -> bool:
    """Let the agent hold the strict seeds open for five minutes; False where it is not open itself.

    ``only_open``: only where it holds them open already.
    """
    from vault.agent.client import Limits
    from vault.unlocking.agent_link import reach, serves

    agent = reach(context, answer=limits.AGENT_TALK)
    if agent is None:
        return False
    try:
        hello = agent.ask("HELLO")
        if not hello or not serves(context, hello) or (only_open and not hello["strict"]):
            return False
        settings = context.settings
        times = Limits(settings.agent_idle, settings.agent_max, seconds, settings.lock_on_suspend)
        return agent.unlock_strict(vault_id=vault_id, strict=key, times=times)
    finally:
        agent.close()


def close(context: Context, *, vault_id: bytes) -> None:
    """Have an agent that holds the strict seeds open close them: their key is another one now."""
    hand_over(context, vault.new_key(), vault_id=vault_id, seconds=0, only_open=True)


def has_passphrase(opened: Opened) -> bool:
    """Whether the strict seeds have a passphrase. A slot that an older version left behind its last seed is none."""
    return bool(opened.payload.strict_serials)


def put(
    context: Context,
    opened: Opened,
    name: str,
    serial: str,
    made: StoredSeed,
    *,
    passphrase: Callable[[], Secret],
) -> Opened:
    """Keep ``made`` as the strict seed of the device ``serial`` of the entry ``name``, and in no other place.

    ``passphrase`` is asked for: the strict seeds' own, or the one they are to have. WrongPassphrase, NotFound.
    """
    from vault.keys.entries import find
    from vault.store.slots.passphrase import PassphraseSlot

    first = not has_passphrase(opened)
    given = passphrase()
    if first:
        key = vault.new_key()
        slot = PassphraseSlot(given, turn=vault.kdf_turn(context.paths, context.new_deadline()))
        record = slot.wrap(key, vault_id=opened.vault_id, opens="strict")
    else:
        key = unwrapped(context, opened.file, given)

    def change(draft: Draft, found: VaultFile) -> Draft:
        if first == bool(draft.payload.strict_serials):
            raise errors.AlreadyExists(
                "another process gave the strict seeds a passphrase", hint="run the command again"
            )
        before = {} if first else held(found, draft.payload, key)
        slots = draft.slots
        if first:
            slots = (*(slot for slot in slots if slot.opens == "main"), record)
        payload = draft.payload.with_strict_seed(serial)
        payload = payload.with_entry(name, replace(find(payload, name), mfa_serial=serial))
        strict = vault.Strict(key=key, seeds={**before, serial: made})
        return replace(draft, payload=payload, slots=slots, strict=strict)

    return vault.rewrite(
        context.paths, opened.k_main, change, clock=context.clock, deadline=context.new_deadline()
    )
