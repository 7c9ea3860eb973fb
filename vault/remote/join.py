"""A vault gets a remote, a machine gets the vault of a remote, and a vault leaves it (format.md 8). Never prompts or prints."""

from __future__ import annotations

from dataclasses import replace

from vault import errors
from vault.crypto.seal import b64u
from vault.errors import NotThisSlot
from vault.remote import bucket_file, contents, local_state, note, summary
from vault.remote.steps import sync
from vault.store import adopt, vault
from vault.store.boxes import Draft, Strict, new_key
from vault.store.format import FormatError, parse_file
from vault.store.payload import Payload
from vault.store.slots import new_sid
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot, read_code
from vault.store.strict_json import JsonError
from vault.sync import shown as views
from vault.sync.local import LocalSync, Remote
from vault.sync.versions import MachineLine, SharedState
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from vault.remote.bucket_file import BucketFile
    from vault.remote.judge import Ask
    from vault.remote.outcome import SyncOutcome
    from vault.secret import Secret
    from vault.store.format import VaultFile
    from vault.store.opened import Opened
    from vault.store.slots import Slot
    from vault.sync.bucket import Bucket
    from vault.sync.local import BucketPlace
    from vault.system.clock import Clock, Deadline
    from vault.system.paths import Paths

_HINT = "restore the previous version of the object, or sync from another machine first"


def first_push(
    bucket: Bucket,
    place: BucketPlace,
    *,
    name: str,
    new_slots: Sequence[Slot],
    paths: Paths,
    clock: Clock,
    deadline: Deadline,
    opened: Opened,
    ask: Ask,
    tell: Callable[[str], None] | None = None,
) -> SyncOutcome:
    """Give the vault a remote, and sync. If the bucket has this vault already, the two are merged, and ``ask`` opens it.

    ``name``: what users call this machine. ``new_slots``: what opens the bucket's file if it is created here. Errors: AlreadyExists
    (a remote), and those of ``sync``, after which the vault has no remote, as before.
    """
    before = local_state.find(opened.payload)
    if before is not None and before.remote.place.url:
        raise errors.AlreadyExists(
            f"this vault has a remote: {safe(before.remote.place.url)}",
            hint="to use another one, run: awsvault-py remote remove",
        )
    if before is not None:  # it was made from a file of the bucket
        local = replace(before, name=name, remote=replace(before.remote, place=place))
    else:
        key, me = new_key(), b64u(new_sid())
        slots = tuple(slot.wrap(key, vault_id=opened.vault_id) for slot in new_slots)
        remote = Remote(place=place, key=key, key_gen=0, slots=slots)
        state = SharedState(machines={me: MachineLine(name=name)})
        local = LocalSync(me=me, name=name, state=state, shown={}, remote=remote)

    def keep(wanted: LocalSync | None) -> Opened:
        def with_it(draft: Draft, _: VaultFile) -> Draft:
            return replace(draft, payload=local_state.keep(draft.payload, wanted), minor=True)

        return vault.rewrite(paths, opened.k_main, with_it, deadline=deadline, clock=clock)

    now = keep(local)
    try:
        return sync(
            bucket, paths=paths, clock=clock, deadline=deadline, open_vault=lambda: now, ask=ask, tell=tell
        )
    except errors.Error as error:
        if not (isinstance(error, errors.Unreachable) and error.sent):  # then the bucket may have it
            keep(before)
        raise


def read_bucket_file(data: bytes, *, url: str) -> VaultFile:
    """The bucket's file on a machine that has no vault, not authenticated. Damaged."""
    try:
        return parse_file(data)
    except FormatError as error:
        raise errors.Damaged(
            f"{safe(url)}: {error}", hint="restore the previous version of the object"
        ) from None


def by_typed(
    found: VaultFile, typed: Secret, *, turn: Callable[[], AbstractContextManager[object]]
) -> Secret:
    """K_remote by a passphrase or a recovery code. WrongPassphrase; ConfigError (not enough memory), Busy."""
    code = read_code(typed)
    ways: list[Slot] = [] if code is None else [RecoverySlot(code)]
    for slot in (*ways, PassphraseSlot(typed, turn=turn)):
        try:
            return vault.unwrap(found, slot)[1]
        except NotThisSlot:
            continue
    raise errors.WrongPassphrase(
        "the passphrase does not open the bucket's file",
        hint="type the passphrase or the recovery code with which the remote was added or last changed",
    )


def opened_first(found: VaultFile, key: Secret, *, url: str) -> BucketFile:
    """The bucket's file on a machine that has seen none of it, and so trusts it as it is. Damaged."""
    return bucket_file.read(found, key, path=safe(url))


def take_vault(
    bucket: BucketFile,
    place: BucketPlace,
    *,
    name: str,
    slots: Sequence[Slot],
    paths: Paths,
    clock: Clock,
    deadline: Deadline,
) -> Opened:
    """Create this machine's vault from the bucket's file, with keys of its own. ``slots``: what opens it. The next sync tells the
    others of this machine.

    Errors: AlreadyExists, StorageError, UnsafeFile, Busy, Damaged.
    """
    header, me, k_main = bucket.file.header, b64u(new_sid()), new_key()
    shown = views.show(bucket.state, {})
    records = tuple(slot.wrap(k_main, vault_id=header.vault_id) for slot in slots)
    machines = {**bucket.state.machines, me: MachineLine(name=name)}
    remote = Remote(
        place=place,
        key=bucket.key,
        key_gen=bucket.key_gen,
        slots=bucket.slots,
        gen=header.gen,
        digest=bucket.file.digest.hex(),
        seen=bucket.state.lasts(),
    )
    state = SharedState(bucket.state.items, machines)
    local = LocalSync(me=me, name=name, state=state, shown=shown, remote=remote)
    draft = Draft(k_main=k_main, payload=Payload(cache_key=new_key()), slots=records)
    try:
        draft = contents.apply(draft, views.contents(shown), was={}, me=me)
        draft = replace(draft, payload=local_state.keep(draft.payload, local))
    except JsonError as error:
        raise errors.Damaged(f"the vault that came cannot be kept: {error}", hint=_HINT) from None
    if draft.moved_strict is None:
        draft = replace(draft, strict=Strict(key=new_key()))
    return adopt.create_from(paths, draft, vault_id=header.vault_id, deadline=deadline, clock=clock)


def leave(*, paths: Paths, clock: Clock, deadline: Deadline, opened: Opened) -> BucketPlace:
    """Forget the remote. The bucket's file and this vault's items stay as they are. NotFound."""
    place = local_state.require(opened.payload).remote.place

    def without(draft: Draft, _: VaultFile) -> Draft:
        return replace(draft, payload=local_state.keep(draft.payload, None), minor=True)

    vault.rewrite(paths, opened.k_main, without, deadline=deadline, clock=clock)
    note.forget(paths, opened.vault_id)
    summary.forget(paths, opened.vault_id)
    return place
