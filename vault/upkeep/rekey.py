"""New master keys: what passwd, slots remove and rekey do, since an old copy with an old secret must not open new files.

A plan says first what becomes of each slot; ``carry_out`` does it in one write. Prints nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vault import errors, limits
from vault.errors import NotThisSlot
from vault.store import boxes, file, vault
from vault.store.kdf import KdfParams, ours
from vault.store.slots.keyring import KeyringSlot
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot
from vault.system import hardening
from vault.system.files import Folder
from vault.text import command
from vault.unlocking import log_key
from vault.unlocking import passphrase_sources as unattended
from vault.unlocking.all_agents import replace_keys
from vault.unlocking.seen_generations import judge, last_seen
from vault.unlocking.unlock import locked
from vault.upkeep import recovery_code, rekey_strict, slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.secret import Secret
    from vault.store.boxes import Draft
    from vault.store.format import SlotRecord, VaultFile
    from vault.store.slots import Slot
    from vault.store.vault import Opened

_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RekeyPlan:
    """What becomes of the slots of box main: ``dropped`` and ``lost`` go, the others are wrapped anew.

    ``dropped`` was asked for; ``lost`` is what cannot be wrapped anew, since its secret is not at hand.
    """

    opened: Opened
    passphrase: Secret | None
    kdf: KdfParams
    keyrings: tuple[SlotRecord, ...]
    codes: tuple[SlotRecord, ...]
    dropped: tuple[SlotRecord, ...]
    lost: tuple[SlotRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rekeyed:
    """A vault with new keys, and what a person has to know: files with old keys that would not go, keyring items too.

    ``log`` says why the log of before cannot be read under the new keys, None where it can or there is none.
    ``strict_kept``: the strict seeds have the key that they had, since their passphrase was not at hand.
    """

    opened: Opened
    left: tuple[str, ...]
    log: str | None = None
    strict_kept: bool = False


def open_by_secret(context: Context, *, purpose: str) -> tuple[Opened, Secret | None]:
    """Open the vault by a passphrase and keep it at hand; None with it where a recovery code opened it.

    Locked where there is no passphrase and nobody to ask, WrongPassphrase, and the errors of opening.
    """
    hardening.before_keys()
    seen = last_seen(context)
    opened, passphrase = _by_secret(context, purpose=purpose)
    judge(seen, opened, path=context.paths.vault)
    return opened, passphrase


def _by_secret(context: Context, *, purpose: str) -> tuple[Opened, Secret | None]:
    vault.read_header(context.paths)
    search = unattended.search(context)
    if search.found is not None:
        return _opened_by(context, search.found.secret)
    if not context.interaction.possible():
        raise locked([*search.tried, f"prompt ({context.interaction.obstacle()})"])
    complaint, tries = "", _TRIES
    while True:
        typed = context.interaction.hidden(
            "Passphrase",
            deadline=context.new_deadline(limits.ATTENDED_PROMPT_TIME),
            note=f"awsvault-py asks for the vault's passphrase {purpose}.",
            complaint=complaint,
        )
        try:
            return _opened_by(context, typed)
        except errors.WrongPassphrase as error:
            tries -= 1
            if not tries:
                raise
            complaint = f"{error.message}; try again."


def _opened_by(context: Context, secret: Secret) -> tuple[Opened, Secret | None]:
    opened = vault.open_with_passphrase(context.paths, secret, deadline=context.new_deadline())
    return opened, secret if opened.slot is not None and opened.slot.type == "pass" else None


def plan(
    context: Context,
    opened: Opened,
    *,
    passphrase: Secret | None,
    new_passphrase: Secret | None = None,
    kdf: KdfParams | None = None,
    without: SlotRecord | None = None,
) -> RekeyPlan:
    """What renewing the keys comes to. ``passphrase`` opened the vault; ``new_passphrase`` takes the place of one.

    Usage where nothing that a person holds would be left, or ``without`` is a slot of strict seeds that are there.
    """
    dropped = () if without is None else _dropped(opened, without)
    records = [r for r in opened.header.slots if r.opens == "main" and r != without]
    kept_pass = _passphrase_record(opened, records, passphrase=passphrase, new=new_passphrase)
    here = slots.this_keyrings(opened) if context.settings.keyring != "off" else []
    keyrings = tuple(r for r in records if r in here)
    codes = tuple(r for r in records if r.type == "recovery") if recovery_code.can_be_issued(context) else ()
    kept = {r.sid for r in (*keyrings, *codes)} | ({kept_pass.sid} if kept_pass is not None else set())
    secret = new_passphrase if new_passphrase is not None else passphrase
    if new_passphrase is None and kept_pass is None:
        secret = None
    if secret is None and not codes:
        raise errors.Usage(
            "no passphrase and no recovery code would be left, and a keyring alone is lost with its machine",
            hint="run: awsvault-py passwd, which sets a new passphrase",
        )
    return RekeyPlan(
        opened=opened,
        passphrase=secret,
        kdf=kdf or ours(kept_pass.kdf if kept_pass is not None else None),
        keyrings=keyrings,
        codes=codes,
        dropped=dropped,
        lost=tuple(r for r in records if r.sid not in kept),
    )


def _dropped(opened: Opened, without: SlotRecord) -> tuple[SlotRecord, ...]:
    """The slots that go with ``without``: all that open box strict, where an older version left them behind its last seed."""
    serials = opened.payload.strict_serials
    if without.opens == "main":
        return (without,)
    if not serials:
        return tuple(r for r in opened.header.slots if r.opens == "strict")
    raise errors.Usage(
        f"the {slots.named(without)} opens the strict seeds alone",
        hint="another passphrase: awsvault-py passwd --strict; it goes with the last strict seed: "
        + ", ".join(command("mfa remove", serial) for serial in serials),
    )


def carry_out(context: Context, made: RekeyPlan, *, strict: rekey_strict.Fresh | None = None) -> Rekeyed:
    """Write the vault with new keys. A recovery code is issued first; until the write nothing is changed.

    ``strict`` is a new key for the strict seeds, where their passphrase was at hand; else they keep theirs.
    Declined where the code was not typed back; StorageError, Busy, KeysChanged, NotThisSlot's reason as ConfigError.
    """
    opened = made.opened
    k_main, cache_key = vault.new_key(), vault.new_key()
    ways = _ways(context, made)
    records: list[SlotRecord] = []
    written = False

    def write() -> Opened:
        nonlocal written
        after = _write(context, made, k_main, tuple(records), cache_key=cache_key, strict=strict)
        written = True
        _tell_agent(context, after, before=opened.k_main)
        return after

    try:
        for slot in ways:
            records.append(slot.wrap(k_main, vault_id=opened.vault_id))  # noqa: PERF401  # what was made is undone below
        # New keys do not wait for a log that cannot be kept, nor are they undone for one.
        after, log = log_key.carried(
            context, old=opened.cache_key, new=cache_key, vault_id=opened.vault_id, write=write, refuse=False
        )
    except BaseException as error:
        if not written:
            _forget(ways, records, opened)
        if isinstance(error, NotThisSlot):
            raise slots.no_keyring(str(error)) from None
        raise
    left = _tidy(context, made)
    if strict is not None:
        rekey_strict.tell_agent(context, opened)
    kept = strict is None and any(r.opens == "strict" for r in after.header.slots)
    return Rekeyed(opened=after, left=left, log=log, strict_kept=kept)


def _ways(context: Context, made: RekeyPlan) -> list[Slot]:
    ways: list[Slot] = []
    if made.passphrase is not None:
        turn = vault.kdf_turn(context.paths, context.new_deadline())
        ways.append(PassphraseSlot(made.passphrase, kdf=made.kdf, turn=turn))
    gen = made.opened.header.gen + 1
    ways += [KeyringSlot(seconds=limits.KEYRING_WRITE_TIMEOUT, host=r.host, gen=gen) for r in made.keyrings]
    if made.codes:
        ways.append(
            RecoverySlot(recovery_code.issue(context))
        )  # one for all: who holds two sheets holds them together
    return ways


def _write(
    context: Context,
    made: RekeyPlan,
    k_main: Secret,
    records: tuple[SlotRecord, ...],
    *,
    cache_key: Secret,
    strict: rekey_strict.Fresh | None,
) -> Opened:
    opened = made.opened
    strict_slots = tuple(r for r in opened.header.slots if r.opens == "strict" and r not in made.dropped)

    def change(draft: Draft, found: VaultFile) -> Draft:
        if found.header.slots != opened.header.slots:
            raise errors.StorageError(
                "another process changed the slots meanwhile",
                hint="run the command again: it starts from what is there now",
            )
        # The ledgers of used codes stay good: a code sent before is refused after as well.
        payload = replace(draft.payload, cache_key=cache_key, ledger_key=opened.ledger_key)
        draft = replace(draft, k_main=k_main, payload=payload, slots=records + strict_slots, new_keys=True)
        if strict is not None:
            return rekey_strict.applied(draft, found, strict)
        if strict_slots:
            return draft
        if payload.strict_key is None:  # the last slot goes
            return boxes.without_strict(draft)
        # No slot of its own: its key lies in box main, and goes with the old main key.
        box = boxes.open_strict(found, payload, payload.strict_key, path=context.paths.vault)
        return replace(draft, strict=replace(box, key=vault.new_key()))

    return vault.rewrite(
        context.paths, opened.k_main, change, deadline=context.new_deadline(), clock=context.clock
    )


def _tidy(context: Context, made: RekeyPlan) -> tuple[str, ...]:
    """Old backups and keyring items; what would not go, for a person."""
    with Folder.open(context.paths.vault_folder) as folder:
        left = file.drop_all_before(folder)
    old = [r for r in (*made.keyrings, *made.dropped) if r.type == "keyring"]
    ring = KeyringSlot(seconds=limits.KEYRING_WRITE_TIMEOUT)
    left += [
        f"the keyring item of slot {r.name}"
        for r in old
        if not slots.forget_quietly(ring, r, vault_id=made.opened.vault_id)
    ]
    return tuple(left)


def _forget(ways: list[Slot], records: list[SlotRecord], opened: Opened) -> None:
    for slot, record in zip(ways, records, strict=False):
        if isinstance(slot, KeyringSlot):
            slots.forget_quietly(slot, record, vault_id=opened.vault_id)


def _tell_agent(context: Context, after: Opened, *, before: Secret) -> None:
    """An agent that holds the old keys gets the new ones; sessions sealed under the old cache key are of no use."""
    from vault.credentials.forget_sessions import forget_files

    forget_files(context)
    replace_keys(context, after, before=before)


def _passphrase_record(
    opened: Opened, records: list[SlotRecord], *, passphrase: Secret | None, new: Secret | None
) -> SlotRecord | None:
    """The slot whose passphrase is kept, or given up for the new one."""
    passes = [r for r in records if r.type == "pass"]
    given = passphrase is not None or new is not None
    if given and opened.slot is not None and opened.slot.sid in {r.sid for r in passes}:
        return opened.slot
    if new is not None and passes:
        return passes[0]
    return None


def question(made: RekeyPlan) -> str | None:
    """What to ask before ``carry_out``, where something is lost that nobody named."""
    if not made.lost:
        return None
    names = ", ".join(slots.named(r) for r in made.lost)
    return f"These cannot be kept, since their secret is not at hand: {names}. Go on without them?"
