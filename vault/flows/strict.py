"""Strict seeds: kept in the strict box, under a passphrase of their own, and opened for five minutes or one use.

Which serials they are is noted in box main, so that a closed seed is known from one that was never stored. Prints
nothing; asks for the passphrase where a code is needed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vault import errors, limits
from vault.store import vault
from vault.text import safe

if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.flows.context import Context
    from vault.flows.keys import Keys
    from vault.secret import Secret
    from vault.store.format import SlotRecord, VaultFile
    from vault.store.vault import Draft, Opened, Payload, Seed

SERIALS = (
    "strict_serials"  # a key of box main beside those of format.md 5; readers keep what they do not know
)
_TRIES = 3


def serials(payload: Payload) -> tuple[str, ...]:
    """The devices whose seed lies in the strict box."""
    found = payload.unknown.get(SERIALS)
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def seed(opened: Opened, serial: str, *, key: Secret | None) -> Seed | None:
    """The strict seed of ``serial``; None where there is none, StrictClosed where ``key`` is None or an older one."""
    if serial not in serials(opened.payload):
        return None
    if key is None:
        raise errors.StrictClosed(f"the seed of {safe(serial)} has a passphrase of its own, and is closed")
    from vault.store import boxes

    try:
        return boxes.open_strict(opened.file, opened.payload, key, path="the vault").seeds.get(serial)
    except errors.Damaged:  # the box was written under another key since
        raise errors.StrictClosed(f"the seed of {safe(serial)} was closed again") from None


def without(payload: Payload, serial: str) -> Payload:
    """``payload`` with ``serial`` no strict device any more. What the shut box holds of it goes at its next writing."""
    left = [one for one in serials(payload) if one != serial]
    unknown = {name: value for name, value in payload.unknown.items() if name != SERIALS}
    if left:
        unknown[SERIALS] = list(left)
    return replace(payload, unknown=unknown)


def stored_seed(context: Context, opened: Opened, serial: str, *, purpose: str) -> Seed | None:
    """The seed of ``serial``, from the strict box too, whose passphrase is then asked for. StrictClosed."""
    found = opened.payload.seeds.get(serial)
    if found is not None or serial not in serials(opened.payload):
        return found
    return seed(opened, serial, key=ask(context, purpose=purpose))


def unwrapped(context: Context, opened: VaultFile, passphrase: Secret) -> Secret:
    """The key of the strict box. WrongPassphrase."""
    from vault.store.slots.passphrase import PassphraseSlot

    slot = PassphraseSlot(passphrase, turn=vault.kdf_turn(context.paths, context.anew()))
    try:
        return vault.unwrap(opened, slot, opens="strict")[1]
    except errors.NotThisSlot:
        raise errors.WrongPassphrase("the passphrase does not open the strict seeds") from None


def ask(context: Context, *, purpose: str) -> Secret:
    """The key of the strict box, by its passphrase as a person types it. StrictClosed where nobody can be asked."""
    from vault.store import file
    from vault.system.prompts import NoAnswer

    with file.open_folder(context.paths) as folder:
        found = file.read(folder)
    wait = limits.ATTENDED_PROMPT_TIME if context.attended else limits.PROMPT_TIME
    complaint = ""
    for _ in range(_TRIES):
        try:
            typed = context.interaction.hidden(
                "Passphrase of the strict seeds",
                deadline=context.anew(wait),
                note=f"awsvault-py asks for the strict seeds' own passphrase {safe(purpose)}.",
                complaint=complaint,
            )
        except NoAnswer as reason:
            raise errors.StrictClosed(f"the strict seeds are closed, and {reason.message}") from None
        try:
            return unwrapped(context, found, typed)
        except errors.WrongPassphrase as error:
            wrong, complaint = error, f"{error.message}; try again."
    raise wrong


def open_for(context: Context, keys: Keys, *, purpose: str) -> None:
    """Open the strict seeds for ``keys``: for this process's one use, or in the agent for five minutes."""
    from vault.flows.agent import AgentKeys
    from vault.flows.keys import OpenedKeys
    from vault.flows.steady import SteadyKeys

    key = ask(context, purpose=purpose)
    if isinstance(keys, SteadyKeys):
        keys = keys.held
    if isinstance(keys, OpenedKeys):
        keys.strict = key
        return
    if not hand_over(context, key, vault_id=keys.vault_id):
        raise errors.StrictClosed("the agent did not take the key of the strict seeds")
    if isinstance(keys, AgentKeys):
        keys.close()
        keys.begin_anew()


def hand_over(context: Context, key: Secret, *, vault_id: bytes) -> bool:
    """Let the agent hold the strict seeds open for five minutes; False where it is not open itself."""
    from vault.agent.client import Limits
    from vault.flows.agent import reach, serves

    agent = reach(context, answer=limits.AGENT_TALK)
    hello = agent.ask("HELLO") if agent is not None else None
    if agent is None or not hello or not serves(context, hello):
        return False
    settings = context.settings
    times = Limits(settings.agent_idle, settings.agent_max, limits.STRICT_TIME, settings.lock_on_suspend)
    taken = agent.unlock_strict(vault_id=vault_id, strict=key, times=times)
    agent.close()
    return taken


def has_passphrase(opened: Opened) -> bool:
    """Whether the strict seeds have a passphrase already."""
    return any(slot.opens == "strict" for slot in opened.header.slots)


def put(
    context: Context,
    opened: Opened,
    name: str,
    serial: str,
    made: Seed,
    *,
    passphrase: Callable[[], Secret],
) -> Opened:
    """Keep ``made`` as the strict seed of the device ``serial`` of the entry ``name``, and in no other place.

    ``passphrase`` is asked for: the strict seeds' own, or the one they are to have. WrongPassphrase, NotFound.
    """
    from vault.flows.entries import find
    from vault.store import boxes
    from vault.store.slots.passphrase import PassphraseSlot

    first = not has_passphrase(opened)
    given = passphrase()
    slots: tuple[SlotRecord, ...] = ()
    if first:
        key = vault.new_key()
        slot = PassphraseSlot(given, turn=vault.kdf_turn(context.paths, context.anew()))
        slots = (slot.wrap(key, vault_id=opened.vault_id, opens="strict"),)
    else:
        key = unwrapped(context, opened.file, given)

    def change(draft: Draft, found: VaultFile) -> Draft:
        if first == any(slot.opens == "strict" for slot in found.header.slots):
            raise errors.AlreadyExists(
                "another process gave the strict seeds a passphrase", hint="run the command again"
            )
        before = {} if first else boxes.open_strict(found, draft.payload, key, path="the vault").seeds
        payload = draft.payload.without_seed(serial)
        payload = payload.with_entry(name, replace(find(payload, name), mfa_serial=serial))
        noted = sorted({*serials(payload), serial})
        payload = replace(payload, unknown={**payload.unknown, SERIALS: list(noted)})
        held = {
            one: kept for one, kept in before.items() if one in noted
        }  # others were removed while it was shut
        strict = vault.Strict(key=key, seeds={**held, serial: made})
        return replace(draft, payload=payload, slots=(*draft.slots, *slots), strict=strict)

    return vault.rewrite(context.paths, opened.k_main, change, clock=context.clock, deadline=context.anew())
