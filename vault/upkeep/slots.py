"""The ways into the vault: which there are, when each was last used on this machine, and adding one. Prints nothing.

Taking one away renews the master keys: renewal.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from vault import errors, limits
from vault.errors import NotThisSlot
from vault.store import last_use, vault
from vault.store.kdf import DEFAULT, KdfParams
from vault.store.slots.keyring import KeyringSlot
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot
from vault.upkeep import create, recovery_code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.store.boxes import Draft
    from vault.store.format import SlotRecord, VaultFile
    from vault.store.slots import Slot
    from vault.store.vault import Opened

KINDS = {"pass": "passphrase", "keyring": "keyring", "recovery": "recovery code", "ext": "helper"}


class Shown(NamedTuple):
    """A slot for a person: ``about`` says which one of its kind, ``used`` is unix seconds on this machine or None."""

    name: str
    kind: str
    opens: str
    about: str
    used: int | None


def listing(context: Context) -> list[Shown]:
    """The slots as the header has them. Needs no key, so nothing of it is authenticated."""
    header = vault.read_header(context.paths)
    used = last_use.read(context.paths, header.vault_id)
    return [
        Shown(slot.name, KINDS[slot.type], slot.opens, about(slot), used.get(slot.name))
        for slot in header.slots
    ]


def about(slot: SlotRecord) -> str:
    """What tells a slot from others of its kind."""
    if slot.kdf is not None:
        return f"Argon2id, {slot.kdf.memory_kib // 1024} MiB"
    if slot.host is not None:
        return f"host {slot.host}"
    return slot.ext.name if slot.ext is not None else ""


def named(slot: SlotRecord) -> str:
    """A slot in a sentence."""
    detail = about(slot)
    return f"{KINDS[slot.type]} slot {slot.name}" + (f" ({detail})" if detail else "")


def find(opened: Opened, name: str) -> SlotRecord:
    """The slot of this name, or of a beginning that only it has. NotFound."""
    hits = [slot for slot in opened.header.slots if name and slot.name.startswith(name)]
    exact = [slot for slot in hits if slot.name == name]
    if len(exact or hits) == 1:
        return (exact or hits)[0]
    raise errors.NotFound(
        f'{"no slot is" if not hits else "several slots are"} called "{name}"',
        hint="run: awsvault-py slots list",
    )


def add_keyring(context: Context, opened: Opened) -> Opened:
    """Let this machine's keyring open the vault. AlreadyExists, ConfigError where no keyring is usable."""
    _require_room(opened)
    if context.settings.keyring == "off":
        raise errors.ConfigError(
            "the keyring is switched off (config.toml, AWSVAULT_KEYRING)",
            hint="set either to auto, or say neither",
        )
    if this_keyrings(opened):
        raise errors.AlreadyExists(
            "this machine's keyring opens the vault already", hint="nothing was changed"
        )
    slot = KeyringSlot(seconds=limits.KEYRING_WRITE_TIMEOUT, gen=opened.header.gen + 1)
    try:
        return append(context, opened, slot)
    except NotThisSlot as reason:
        raise no_keyring(str(reason)) from None


def try_keyring(context: Context, opened: Opened) -> tuple[Opened, str | None]:
    """As ``add_keyring`` for a vault just made. Where none works here and now, the vault as it was, and why."""
    if context.settings.keyring == "off":
        return opened, "switched off"
    try:
        slot = KeyringSlot(seconds=limits.KEYRING_WRITE_TIMEOUT, gen=opened.header.gen + 1)
        return append(context, opened, slot), None
    except NotThisSlot as reason:
        return opened, str(reason)


def add_recovery(context: Context, opened: Opened) -> Opened:
    """Issue a recovery code. Declined, Locked where no person is there to write it down."""
    _require_room(opened)
    if not recovery_code.can_be_issued(context):
        raise errors.Locked(
            "a recovery code is shown on a terminal, and there is none",
            hint="run it where you can write it down",
        )
    return append(context, opened, RecoverySlot(recovery_code.issue(context)))


def add_passphrase(
    context: Context, opened: Opened, chosen: create.ChosenPassphrase, *, kdf: KdfParams = DEFAULT
) -> Opened:
    """A second passphrase. Usage where there are as many as an unlock tries."""
    check_passphrase_room(opened)
    turn = vault.kdf_turn(context.paths, context.new_deadline())
    return append(context, opened, PassphraseSlot(chosen.secret, kdf=kdf, turn=turn))


def check_passphrase_room(opened: Opened) -> None:
    """Usage where another passphrase would never be tried."""
    _require_room(opened)
    have = sum(slot.type == "pass" and slot.opens == "main" for slot in opened.header.slots)
    if have >= limits.MAX_PASSPHRASE_SLOTS_TRIED:
        raise errors.Usage(
            f"the vault has {have} passphrases, and no more are tried", hint="awsvault-py passwd changes one"
        )


def no_keyring(reason: str) -> errors.ConfigError:
    """The error for a keyring that is needed and does not do it."""
    return errors.ConfigError(
        f"the OS keyring cannot be used: {reason}",
        hint="unlock it or start one (gnome-keyring, KWallet), then run the command again",
    )


def this_keyrings(opened: Opened) -> list[SlotRecord]:
    """The keyring slots that this machine's keyring opens here and now. A person waits: one that is slow is not lost."""
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


def _require_room(opened: Opened) -> None:
    if len(opened.header.slots) >= limits.MAX_SLOTS:
        raise errors.Usage(
            f"the vault has {limits.MAX_SLOTS} slots, and no more fit", hint="awsvault-py slots remove NAME"
        )


def append(context: Context, opened: Opened, slot: Slot) -> Opened:
    """Write the vault with one more slot, at the end."""
    record = slot.wrap(opened.k_main, vault_id=opened.vault_id)

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
    """Delete a keyring item that no slot needs; False where the keyring would not."""
    try:
        slot.forget(record, vault_id=vault_id)
    except NotThisSlot:
        return False
    return True
