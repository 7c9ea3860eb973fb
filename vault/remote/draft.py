"""One step of a sync in memory: the vault as it is to be written, and the bucket's file as it is to be put."""

from __future__ import annotations

from dataclasses import replace

from vault import errors
from vault.records import NamedTuple
from vault.remote import bucket_file, contents, local_state, merging
from vault.store.format import FormatError
from vault.store.strict_json import JsonError
from vault.sync import shown as views
from vault.sync import versions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.remote.bucket_file import BucketFile
    from vault.remote.merging import Maker, Merged, SyncRequest
    from vault.secret import Secret
    from vault.store.boxes import Draft
    from vault.store.format import SlotRecord, VaultFile
    from vault.sync.local import LocalSync
    from vault.sync.shown import Shown
    from vault.sync.versions import Content


_HINT = "restore the previous version of the object; to stop syncing here: awsvault-py remote remove"


class NewRemoteKey(NamedTuple):
    """A new K_remote, what opens it, and the machines that are removed by the file that comes with it."""

    key: Secret
    slots: tuple[SlotRecord, ...]
    removes: tuple[str, ...] = ()

    def kept_in(self, local: LocalSync, gen: int) -> LocalSync:
        """What this machine keeps when the bucket has the file of generation ``gen``, and not before."""
        remote = local.remote.with_new_key(self.key, self.slots, gen)
        return replace(local, state=merging.without(local.state, local.me, self.removes), remote=remote)


class OwnSlot(NamedTuple):
    """The slot of this machine's passphrase, and the one of the passphrase that takes its place."""

    old: SlotRecord
    new: SlotRecord

    def put_into(self, draft: Draft) -> Draft:
        """The draft with the new slot, if it has the old one. No backup that the old passphrase opens may be left."""
        if all(slot.sid != self.old.sid for slot in draft.slots):
            return draft
        slots = tuple(self.new if slot.sid == self.old.sid else slot for slot in draft.slots)
        return replace(draft, slots=slots, new_keys=True)


class SyncStep(NamedTuple):
    """``local``: as it is in the vault that is written. ``put``: the bucket's file, None if it is as it is to be."""

    draft: Draft
    local: LocalSync
    merged: Merged
    put: VaultFile | None


class FromBucket(NamedTuple):
    """The bucket's file, None if there is no object, or none that can be read and the user accepts that. ``gen``: of that one."""

    file: BucketFile | None
    gen: int = 0


def make_step(
    draft: Draft,
    found: VaultFile,
    local: LocalSync,
    *,
    bucket: FromBucket | None,
    make: Maker,
    request: SyncRequest,
    new_key: NewRemoteKey | None,
    last_gen: int,
) -> SyncStep:
    """The next state of the vault ``found``, which ``draft`` has the content of, and of the bucket.

    ``bucket`` is None if the bucket has what this vault was merged with last. ``last_gen``: of the bucket's file. Errors: those of ``merging.merge``, Damaged.
    """

    def held_by(me: str, shown: Mapping[str, Shown]) -> dict[str, Content]:
        return contents.held(draft.payload, found, me=me, shown=shown)

    theirs = None if bucket is None else _state(bucket)
    merged = merging.merge(local, held_by, theirs, make, request)
    known, outdated = (
        local.remote,
        False,
    )  # a file under an earlier key, which the user accepts: the key stays the newer one
    if bucket is not None:
        seen = {} if request.accept else known.seen
        known = replace(known, seen=versions.join(seen, theirs.lasts() if theirs is not None else {}))
        if bucket.file is not None:
            read = bucket.file
            outdated = read.key != known.key and read.key_gen < known.key_gen
            if not outdated:
                known = known.with_new_key(read.key, read.slots, read.key_gen)
            known = replace(known, gen=read.file.header.gen, digest=read.file.digest.hex())
    put = None
    if merged.push or outdated or new_key is not None or (bucket is not None and bucket.file is None):
        gen = max(known.gen, last_gen, 0 if bucket is None else bucket.gen) + 1
        try:
            put = bucket_file.build(
                merging.without(
                    merged.local.state, merged.local.me, () if new_key is None else new_key.removes
                ),
                vault_id=found.header.vault_id,
                key=known.key if new_key is None else new_key.key,
                key_gen=gen if new_key is not None else known.key_gen or gen,
                slots=known.slots if new_key is None else new_key.slots,
                gen=gen,
                time=make.at,
            )
        except (JsonError, FormatError) as error:
            raise errors.Damaged(f"the vault cannot be shared: {error}", hint=_HINT) from None
        known = replace(known, key_gen=known.key_gen or gen, digest=put.digest.hex())
    after = replace(merged.local, remote=known)
    return SyncStep(_written(draft, found, after), after, merged, put)


def _state(bucket: FromBucket) -> versions.SharedState:
    return versions.SharedState() if bucket.file is None else bucket.file.state


def _written(draft: Draft, found: VaultFile, local: LocalSync) -> Draft:
    """The vault's content as ``local`` shows it."""
    was = contents.held(draft.payload, found, me=local.me, shown={})
    try:
        after = contents.apply(draft, views.contents(local.shown), was=was, me=local.me)
        payload = local_state.keep(after.payload, local)
    except JsonError as error:
        raise errors.Damaged(f"what another machine wrote cannot be kept: {error}", hint=_HINT) from None
    same = (
        after.payload.entries == draft.payload.entries
        and after.payload.seeds == draft.payload.seeds
        and after.moved_strict is None
        and after.payload.strict_serials == draft.payload.strict_serials
    )
    return replace(after, payload=payload, minor=same)
